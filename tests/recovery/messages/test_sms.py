"""A text message costs what is said it costs, and holds nothing that costs without being needed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.money import Money
from recovery.messages.sms import EXAMPLE_LINKED, EXAMPLE_STOP_URL, segments, write_sms
from recovery.messages.templates import LANGUAGES, Purpose, Tone, library

STOP = "https://pay.example/r/stop/unsubscribe"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        # The euro sign is two of the alphabet's 160, and is not cut in two.
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        # One letter beyond the alphabet, and all are UTF-16.
        ("ê" + "a" * 69, 1),
        ("ê" + "a" * 70, 2),
        ("ê" + "a" * 133, 2),
        ("ê" + "a" * 134, 3),
        ("🙂" * 35, 1),
        ("🙂" * 36, 2),
        # 67 hold 33 of two.
        ("🙂" * 66, 2),
        ("🙂" * 67, 3),
    ],
)
def test_segments_are_counted_as_networks_bill_them(text: str, count: int) -> None:
    assert segments(text) == count


@given(st.text(alphabet="ab€ê🙂ü[", max_size=400), st.text(alphabet="ab€ê🙂ü[", max_size=60))
def test_more_text_never_costs_less(text: str, more: str) -> None:
    assert segments(text) <= segments(text + more)
    assert segments(text) * 160 >= len(text)


def test_a_text_message_reads_as_it_was_meant() -> None:
    """No-break spaces, which Babel writes into amounts, would make it cost twice as much."""
    facts = replace(EXAMPLE_LINKED, amount=Money(129900, "EUR"), pay_url="https://pay.example/r/a")
    german = library(Purpose.REMINDER, "de", Tone.NEUTRAL)
    found = write_sms(german, facts, stop_url=STOP, region="DE")
    assert found.text == (
        "Northwind Analytics: 1.299,00 € sind noch offen. Hier zahlen oder einen späteren Tag"
        " wählen: https://pay.example/r/a Abmelden: https://pay.example/r/stop/unsubscribe"
    )
    assert (found.said, found.segments) == (found.text.split(" https")[0], 2)
    quoted = replace(german, sms="{{ company_name }}: „{{ amount }}“\n– bitte …")
    assert write_sms(quoted, facts, stop_url=STOP).said == (
        'Northwind Analytics: "1.299,00 €" - bitte ...'
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_library_s_text_messages_are_short_in_every_language(language: str) -> None:
    for purpose in Purpose:
        for facts in (EXAMPLE_LINKED, EXAMPLE_LINKED.bare()):
            template = library(purpose, language, Tone.NEUTRAL)
            found = write_sms(template, facts, stop_url=EXAMPLE_STOP_URL)
            assert found.text.endswith(EXAMPLE_STOP_URL)
            assert facts.pay_url in found.text
            assert "{" not in found.text
            assert found.segments == 2


def test_what_no_carrier_joins_is_refused() -> None:
    template = library(Purpose.REMINDER, "en", Tone.NEUTRAL)
    with pytest.raises(InvalidInputError, match="10 are the most"):
        write_sms(replace(template, sms="ê" * 700), EXAMPLE_LINKED, stop_url=STOP)
