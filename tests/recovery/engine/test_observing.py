"""What the provider's word does to an episode: whatever its order, and after it was over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from recovery.engine.episode import Episode, Memory
from recovery.engine.observing import Case, SeenAttempt, observe
from tests.recovery.flow_documents import flow

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
FLOW = flow()


def tried(name, *, success=False, returned=False):
    code, kind = ("", "none") if success else ("insufficient_funds", "soft")
    return SeenAttempt(name, NOW, "card", success, code, kind, "funds", 0, 4900, "EUR", returned)


DECLINED = (tried("ch_1"),)


def case(status="open", *, attempts=DECLINED, owed=4900, paid=0, **changes):
    return replace(
        Case("invoice", "in_1", "renewal", status, "cus_1", "sub_1", owed, "EUR", paid,
             paid_outside=False, provider_retries_at=None, payment_method="pm_1",
             fingerprint="card", attempts=attempts, facts={"attempts": len(attempts)}),
        **changes,
    )  # fmt: skip


def episode(**changes):
    begun = Episode(
        workspace_id="ws_a", id="ep_1", connection_id="conn_a", subject_kind="invoice",
        subject_id="in_1", cause="renewal", customer_id="cus_1", subscription_id="sub_1",
        amount_minor=4900, currency="EUR", facts={"attempts": 1}, flow_id="flow", flow_version=1,
        step="tries", state="running", opened_at=NOW, revision=3, due_at=NOW + timedelta(days=2),
        memory=Memory(phase="armed", payment_method="pm_1", card="card", newest_charge="ch_1",
                      taken_over=True),
    )  # fmt: skip
    return replace(begun, **changes)


def test_the_same_word_again_is_no_news():
    assert observe(episode(), FLOW, case(), NOW) is None


def test_a_paid_invoice_ends_it_and_says_by_whom():
    paid = case("paid", owed=0, paid=4900, attempts=(tried("ch_1"), tried("ch_2", success=True)))
    for is_charging, taken_over, by in [
        (True, True, "retry"), (False, True, "payer"), (False, False, "provider"),
    ]:  # fmt: skip
        before = episode(memory=replace(episode().memory, taken_over=taken_over))
        step = observe(before, FLOW, paid, NOW, is_charging=is_charging)
        after = step.episode
        assert (after.state, after.recovered_by, after.recovered_minor, after.due_at) == (
            "ended", by, 4900, None,
        )  # fmt: skip
        assert observe(after, FLOW, paid, NOW) is None


def test_a_debit_taken_back_days_later_begins_anew_once():
    ended = observe(
        episode(), FLOW, case("paid", owed=0, paid=4900, attempts=(tried("py_1", success=True),)),
        NOW,
    ).episode  # fmt: skip
    back = case(attempts=(tried("py_1", returned=True),), cause="debit_returned")
    again = observe(ended, FLOW, back, NOW + timedelta(days=3))
    assert (again.kind, again.episode.state, again.episode.step) == ("reopened", "running", "kind")
    assert (again.episode.recovered_minor, again.episode.cause) == (0, "debit_returned")


def test_a_reading_from_before_the_payment_takes_nothing_back():
    paid = case("paid", owed=0, paid=4900, attempts=(tried("ch_1"), tried("ch_2", success=True)))
    ended = observe(episode(), FLOW, paid, NOW).episode
    assert observe(ended, FLOW, case(), NOW + timedelta(seconds=1)) is None


def test_a_flow_that_is_over_still_counts_what_is_paid_later():
    over = episode(state="ended", outcome="lost", due_at=None, ended_at=NOW)
    late = observe(over, FLOW, case("paid", owed=0, paid=4900), NOW + timedelta(days=9))
    assert (late.episode.outcome, late.episode.recovered_minor) == ("recovered", 4900)


def test_a_new_method_brings_the_try_forward_and_what_is_gone_is_lost():
    step = observe(episode(), FLOW, case(payment_method="pm_2"), NOW)
    assert (step.kind, step.episode.due_at) == ("brought_forward", NOW)
    for status in ("void", "uncollectible", "canceled", "gone"):
        ended = observe(episode(), FLOW, case(status), NOW).episode
        assert (ended.state, ended.outcome, ended.recovered_minor) == ("ended", "lost", 0)
