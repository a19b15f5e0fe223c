"""A replay does what the engine would do, and its interval holds what then happens."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from core.settings import PROJECT_ROOT
from recovery.declines import load_declines
from recovery.engine.episode import Terms
from recovery.simulation.chances import learn
from recovery.simulation.history import PastFailure, PastTry, failures_of
from recovery.simulation.outcome import simulate
from recovery.simulation.replay import replay
from tests.recovery.flow_documents import flow

BEGAN = datetime(2026, 3, 2, 10, tzinfo=UTC)
TERMS = Terms("oppulence", ZoneInfo("UTC"))
DAY = timedelta(days=1)


def failure(number=0, *, offsets=(), paid=False, decline_class="soft", amount=1000, currency="EUR"):
    tries = [PastTry(BEGAN, is_success=False, decline_class=decline_class)]
    for place, offset in enumerate(offsets):
        is_paid = paid and place == len(offsets) - 1
        kind = "none" if is_paid else decline_class
        tries.append(PastTry(BEGAN + offset * DAY, is_success=is_paid, decline_class=kind))
    facts = {"decline_class": decline_class, "attempts": 1}
    return PastFailure(f"pi_{number}", f"cus_{number}", "renewal", amount, currency, facts,
                       tuple(tries))  # fmt: skip


def test_a_replay_is_what_the_engine_does_when_every_try_fails():
    (replayed,) = replay(flow(), [failure()], TERMS)
    plan = replayed.plan
    assert [(one.kind, one.step, one.at - BEGAN) for one in plan] == [
        ("retry", "tries", 2 * DAY), ("retry", "tries", 5 * DAY), ("message", "write", 5 * DAY),
    ]  # fmt: skip
    assert [one.cell for one in plan] == [("soft", 1, 2), ("soft", 2, 3), None]
    (hard,) = replay(flow(), [failure(decline_class="hard")], TERMS)
    assert [one.kind for one in hard.plan] == ["message"]


TWICE_A_WEEK = flow(
    steps={
        "tries": {"kind": "retry", "schedule": [{"kind": "duration", "days": 3}] * 8,
                  "next": "over", "on_stop": "over"},
        "over": {"kind": "end"},
    },
    start="tries",
)  # fmt: skip


def test_payments_that_failed_on_one_card_share_its_limits():
    """Two of eight tries each, three days apart: with both first ones eighteen within 24 days.

    The fifteenth is the first payment's seventh, on day 21. The sixteenth, the other's of that day,
    is planned when the first attempts have left the 30 days; so are all after it.
    """
    first, second = replay(TWICE_A_WEEK, [failure(1), failure(2)], TERMS)
    allowed = [3, 6, 9, 12, 15, 18, 21]
    days = [[(one.at - BEGAN) / DAY for one in walked.plan] for walked in (first, second)]
    assert days == [[*allowed, 30], [*allowed[:-1], 30, 33]]
    assert (first.held_back, second.held_back) == (1, 1)
    (alone,) = replay(TWICE_A_WEEK, [failure(1)], TERMS)
    assert [(one.at - BEGAN) / DAY for one in alone.plan] == [*allowed, 24]
    assert alone.held_back == 0


def test_what_the_draft_does_not_take_counts_on_the_card_as_it_happened():
    others = [PastTry(BEGAN + number * DAY / 8, False, "soft") for number in range(14)]
    (walked,) = replay(TWICE_A_WEEK, [failure(1)], TERMS, others)
    assert [(one.at - BEGAN) / DAY for one in walked.plan][:2] == [30, 33]
    # A firm refusal of another payment on the card ends the tries on it.
    gone = PastTry(BEGAN + DAY, False, "hard")
    (stopped,) = replay(TWICE_A_WEEK, [failure(1)], TERMS, [gone])
    assert stopped.plan == ()


def test_a_network_that_asks_to_wait_is_waited_for():
    asked = failure(1)
    first = replace(asked.tries[0], wait=timedelta(days=10))
    (walked,) = replay(flow(), [replace(asked, tries=(first,))], TERMS)
    tries = [one.at - BEGAN for one in walked.plan if one.kind == "retry"]
    assert tries == [10 * DAY, 20 * DAY]
    assert walked.held_back == 2


def test_a_simulation_tells_cards_apart():
    """The same failures, on one card and on their own."""
    apart = simulate(TWICE_A_WEEK, [failure(1), failure(2)], TERMS)
    shared = [replace(failure(number), card="pm_1") for number in (1, 2)]
    together = simulate(TWICE_A_WEEK, shared, TERMS)
    assert (apart.held_back, together.held_back) == (0, 2)
    assert apart.actions == together.actions == {"retry": 16}
    assert [one.id for one, _ in together.plans] == ["pi_1", "pi_2"]


def test_rates_are_counted_and_few_are_drawn_to_their_kind():
    past = [failure(n, offsets=(2,), paid=n < 30) for n in range(100)]
    chances = learn(past)
    assert (chances.tries, chances.paid) == ({("soft", 1, 2): 100}, {("soft", 1, 2): 30})
    base = 30.5 / 102
    assert chances.rate(("soft", 1, 2)) == (30 + 8 * base) / 108
    assert chances.rate(("soft", 3, 4)) == base, "nothing was seen of it: its kind's rate"


def test_expected_cash_by_hand():
    """One try at rate r: expected is r of what is at risk, in each currency for itself."""
    past = [failure(n, offsets=(2,), paid=n < 30) for n in range(100)]
    past += [failure(200 + n, decline_class="hard", currency="USD") for n in range(5)]
    once = flow(
        steps={
            "kind": {"kind": "branch", "cases": [{"when": {"fact": "decline_class", "op": "eq",
                     "value": "soft"}, "next": "tries"}], "otherwise": "over"},
            "tries": {"kind": "retry", "schedule": [{"kind": "duration", "days": 2}],
                      "next": "over", "on_stop": "over"},
            "over": {"kind": "end"},
        }
    )  # fmt: skip
    found = simulate(once, past, TERMS)
    euro, dollar = found.currencies
    rate = (30 + 8 * 30.5 / 102) / 108
    assert (euro.failures, euro.at_risk_minor, euro.past_recovered_minor) == (100, 100_000, 30_000)
    assert euro.expected_minor == round(100_000 * rate)
    assert euro.low_minor < euro.expected_minor < euro.high_minor
    assert (dollar.expected_minor, dollar.low_minor, dollar.high_minor) == (0, 0, 0)
    assert (found.taken, found.actions, found.expected_tries) == (105, {"retry": 100}, 100.0)
    told = [(one.step, one.episodes, one.actions, one.expected_tries) for one in found.steps]
    assert told == [("kind", 105, 0, 0.0), ("tries", 100, 100, 100.0), ("over", 105, 0, 0.0)]
    ((cash,),) = [one.cash for one in found.steps if one.cash]
    assert (cash.currency, cash.expected_minor) == ("EUR", euro.expected_minor)
    assert cash.low_minor < cash.expected_minor < cash.high_minor


def test_each_step_is_credited_with_its_own_tries():
    """Of what the first leaves open, the second brings its rate; together they are the flow."""
    past = [failure(n, offsets=(2,), paid=n < 30) for n in range(100)]
    twice = flow(
        steps={
            "soon": {"kind": "retry", "schedule": [{"kind": "duration", "days": 2}],
                     "next": "later", "on_stop": "over"},
            "later": {"kind": "retry", "schedule": [{"kind": "duration", "days": 9}],
                      "next": "over", "on_stop": "over"},
            "over": {"kind": "end"},
        },
        start="soon",
    )  # fmt: skip
    found = simulate(twice, past, TERMS)
    base = 30.5 / 102
    first = (30 + 8 * base) / 108
    soon, later = (one for one in found.steps if one.cash)
    assert (soon.step, soon.cash[0].expected_minor) == ("soon", round(100_000 * first))
    assert (later.step, later.cash[0].expected_minor) == (
        "later", round(100_000 * (1 - first) * base),
    )  # fmt: skip
    assert soon.expected_tries == 100.0
    assert round(later.expected_tries, 9) == round(100 * (1 - first), 9)
    (euro,) = found.currencies
    assert (
        abs(soon.cash[0].expected_minor + later.cash[0].expected_minor - euro.expected_minor) <= 1
    )


def test_the_interval_holds_what_then_happens():
    """Worlds of known rates: the past teaches, a new year comes, the cash falls inside 9 of 10."""
    chance = random.Random(3)
    inside = 0
    worlds = 60
    for world in range(worlds):
        rate = chance.uniform(0.1, 0.6)
        past = [failure(n, offsets=(2,), paid=chance.random() < rate) for n in range(60)]
        once = flow(steps={
            "kind": {"kind": "branch", "cases": [{"when": {"fact": "decline_class", "op": "eq",
                     "value": "soft"}, "next": "tries"}], "otherwise": "over"},
            "tries": {"kind": "retry", "schedule": [{"kind": "duration", "days": 2}],
                      "next": "over", "on_stop": "over"},
            "over": {"kind": "end"},
        })  # fmt: skip
        (euro,) = simulate(once, past, TERMS, seed=world).currencies
        came = 1000 * sum(chance.random() < rate for _ in range(60))
        inside += euro.low_minor <= came <= euro.high_minor
    # 54 of 60 expected; three standard deviations of a 90 % interval are 7.
    assert inside >= 47


def test_rows_become_failures_in_their_order():
    def row(payment, status, day, code="", **changes):
        return {
            "payment_id": payment, "customer_id": "cus", "invoice_id": "in", "amount_minor": 500,
            "currency": "JPY", "status": status, "decline_code": code, "advice_code": None,
            "payment_method_type": "card", "payment_method_id": None,
            "occurred_at": BEGAN + day * DAY, "connection_id": "conn_a",
            "id": f"ch_{payment}_{day}",
        } | changes  # fmt: skip

    declines = load_declines(PROJECT_ROOT / "dbt")
    found = failures_of(
        [
            row("pi_1", "failed", 0, "insufficient_funds"), row("pi_1", "succeeded", 3),
            row("pi_2", "succeeded", 0), row("pi_2", "failed", 1, "lost_card"),
            row("pi_3", "failed", 0, "do_not_honor", advice_code="do_not_try_again",
                invoice_id=None, payment_method_id="pm_1"),
        ],
        declines,
    )  # fmt: skip
    assert [(one.id, one.cause, one.is_recovered) for one in found] == [
        ("pi_1", "renewal", True), ("pi_3", "one_off", False),
    ]  # fmt: skip
    assert found[1].facts["decline_class"] == "hard"
    assert [one.card for one in found] == ["cus", "pm_1"]
    assert [(one.connection_id, one.invoice_id, one.charge_id) for one in found] == [
        ("conn_a", "in", "ch_pi_1_0"), ("conn_a", "", "ch_pi_3_0"),
    ]  # fmt: skip
    assert [one.decline_class for one in found[0].tries] == ["soft", "none"]
