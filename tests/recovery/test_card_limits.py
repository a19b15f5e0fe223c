"""What is counted on a card: every try once, those under way too, and of the card that is tried."""

from dataclasses import replace
from datetime import timedelta

import pytest

from recovery.engine.observing import SeenAttempt
from recovery.limits import Attempt
from recovery.running import run_due
from recovery.store import episodes
from recovery.store.attempts import card_of, note_answered, note_attempts, on_card
from recovery.worker import act
from tests.recovery.conftest import RENEWED, Company
from tests.recovery.flow_documents import END, steps

SOFT = "insufficient_funds"
HOUR = timedelta(hours=1)
AGAIN = {"kind": "retry", "schedule": [{"kind": "duration", "hours": 1}], "next": "over",
         "on_stop": "over"}  # fmt: skip
# So many tries more on the card of the first, an hour apart and past.
_MORE = """
insert into recovery_attempts (workspace_id, connection_id, id, episode_id, fingerprint,
    attempted_at, is_success, is_ours, decline_code, decline_class, amount_minor, currency)
select workspace_id, connection_id, id || '_' || number, episode_id, fingerprint,
    attempted_at - interval '40 hours' + interval '2 hours' * number, false, false, decline_code,
    decline_class, amount_minor, currency
from (select * from recovery_attempts order by attempted_at, id limit 1) as first,
    generate_series(1, %s) as number
"""


def more_tries(company: Company, count: int) -> None:
    with company.application.tenant(company.connection.tenant) as rows:
        rows.execute(_MORE, [count])


@pytest.fixture
def declined(company: Company):
    """The only episode, no flow takes it, and the try that its provider lists."""
    company.subscriber(SOFT)
    company.renew()
    with company.parts.database.system() as rows:
        (held,) = episodes.lock(rows, company.workspace_id, [company.episode()["id"]])
    (tried,) = company.tries()
    listed = SeenAttempt(
        id=tried["id"], at=tried["attempted_at"], fingerprint=tried["fingerprint"],
        is_success=False, decline_code=SOFT, decline_class="soft", decline_reason="funds",
        wait_hours=0, amount_minor=4900, currency="EUR",
    )  # fmt: skip
    return held.episode, listed


def test_a_try_of_ours_is_counted_once_however_it_is_told(company: Company, declined) -> None:
    """The answer comes at our clock, the list has Stripe's second; the network's wait is kept."""
    episode, first = declined
    at = company.now + timedelta(days=2)
    listed = replace(first, id="ch_ours", at=at, wait_hours=72)
    answered = replace(listed, at=at + timedelta(milliseconds=700))
    card = first.fingerprint
    expected = [
        Attempt(card, at, False, "soft", timedelta(hours=72)),
        Attempt(card, first.at, False, "soft"),
    ]
    with company.parts.database.system() as rows:
        note_answered(rows, episode, answered)
        kept = on_card(rows, episode, card)
        assert kept == [replace(expected[0], at=answered.at), expected[1]]
        assert on_card(rows, episode, card, (first, listed)) == expected[::-1]
        note_attempts(rows, episode, (first, listed))
        assert on_card(rows, episode, card) == expected
        # The answer may be noted after the list was: the list stands, and whose it was is added.
        note_answered(rows, episode, answered)
        assert on_card(rows, episode, card) == expected
    assert [one["is_ours"] for one in company.tries()] == [False, True]


def test_methods_without_a_name_are_no_card(company: Company, declined) -> None:
    episode, first = declined
    with company.parts.database.system() as rows:
        note_attempts(rows, episode, (replace(first, id="ch_unnamed", fingerprint=""),))
        assert on_card(rows, episode, "") == []


def test_a_new_card_is_not_held_back_by_the_tries_on_the_old_one(company: Company) -> None:
    asks = {"kind": "await", "event": "payment_method_updated", "on_event": "tries",
            "timeout": {"kind": "duration", "days": 20}, "on_timeout": "over"}  # fmt: skip
    company.publish(steps(first=asks, tries=AGAIN, over=END))
    buyer = company.subscriber(SOFT)
    company.renew()
    more_tries(company, 14)
    company.give_card(buyer["customer"], None)
    company.settle_down()
    assert company.episode()["due_at"] == company.now + HOUR
    assert "held_back_from" not in company.newest("retry_planned")
    company.run_until(company.now + 2 * HOUR, HOUR)
    assert company.charges(buyer["customer"]) == ["paid", SOFT, "paid"]


def test_a_try_that_is_under_way_takes_its_place_on_the_card(company: Company) -> None:
    """Two invoices of one card, and room for one try: whoever starts first has it."""
    company.publish(steps(causes=("one_off",), first=AGAIN, over=END))
    buyer = company.debtor(SOFT, SOFT, SOFT, SOFT)
    invoice = company.post("/v1/invoices", customer=buyer, currency="eur")["id"]
    company.post("/v1/invoiceitems", customer=buyer, invoice=invoice, amount=100, currency="eur")
    company.post(f"/v1/invoices/{invoice}/pay", status=402)
    company.settle_down()
    assert [one["state"] for one in company.episodes()] == ["running"] * 2
    (card,) = {one["fingerprint"] for one in company.tries()}
    more_tries(company, 12)  # with the two first ones fourteen
    company.travel(company.now + 2 * HOUR)
    assert run_due(company.parts.database, company.parts.book, company.now) > 0
    with company.parts.database.system() as rows:
        first, _ = company.episodes()
        (held,) = episodes.lock(rows, company.workspace_id, [first["id"]])
        rows.execute(
            "update recovery_actions set state = 'started', started_at = %s,"
            " leased_until = %s, content = content || jsonb_build_object('card', %s::text)"
            " where episode_id = %s and kind = 'retry'",
            [company.now, company.now + HOUR, card_of(held.episode, card), first["id"]],
        )
    act(company.parts, company.now)
    assert company.charges(buyer) == [SOFT, SOFT]
    assert "retry_deferred" in company.timeline(company.episodes()[1]["id"])


def test_a_wait_that_a_network_asked_for_moves_the_next_plan(company: Company) -> None:
    company.publish(steps(first=AGAIN, over=END))
    company.subscriber(SOFT, None)
    company.renew()
    # What the network said comes with the next reading: the plan that was made stands until then.
    with company.application.tenant(company.connection.tenant) as rows:
        rows.execute("update recovery_attempts set wait_hours = 72")
        rows.execute("update recovery_episodes set memory = memory - 'phase', due_at = %s",
                     [company.now])  # fmt: skip
    run_due(company.parts.database, company.parts.book, company.now)
    (tried,) = company.tries()
    assert company.episode()["due_at"] == tried["attempted_at"] + timedelta(hours=72)
    assert company.episode()["due_at"] > RENEWED + timedelta(days=2)
