"""An alert says what is owed, by whom and why; what a payer is called is data."""

from dataclasses import replace

import pytest

from recovery.messages.facts import EXAMPLE
from recovery.messages.slack import alerts, write_alert
from recovery.messages.templates import Purpose

URL = "https://oppulence.example/workspaces/ws_1/recovery/episodes/ep_1"


def test_an_alert_reads_as_it_was_meant() -> None:
    assert write_alert(Purpose.PAYMENT_FAILED, EXAMPLE, URL) == (
        "*A payment failed.* €49.00 of Ada Byron for invoice INV-2041: the balance or limit did not"
        f" cover it.\n<{URL}|Open the episode>"
    )
    assert write_alert(Purpose.PAYMENT_FAILED, EXAMPLE.bare(), URL) == (
        f"*A payment failed.* €49.00 of a customer.\n<{URL}|Open the episode>"
    )


@pytest.mark.parametrize("purpose", list(Purpose))
def test_every_purpose_has_an_alert_whatever_is_known(purpose: Purpose) -> None:
    assert set(alerts()) == set(Purpose)
    for name in ("customer_name", "invoice_number", "reason", "due_on", "card_last4", None):
        facts = EXAMPLE.bare() if name is None else replace(EXAMPLE, **{name: None})
        text = write_alert(purpose, facts, URL)
        assert "€49.00" in text
        assert "None" not in text
        assert not any(broken in text for broken in (" .", " ,", "  ", ".."))


def test_a_name_mentions_nobody_and_begins_no_link() -> None:
    facts = replace(EXAMPLE, customer_name="<!channel> & <https://evil.example|Pay>\nhere")
    text = write_alert(Purpose.REMINDER, facts, URL)
    assert "&lt;!channel&gt; &amp; &lt;https://evil.example|Pay&gt; here owes" in text
    assert text.count("<") == text.count(">") == 1
