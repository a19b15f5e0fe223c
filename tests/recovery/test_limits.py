"""No card is tried more often than its network allows, whoever plans how many tries on it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from recovery.engine.planning import plan
from recovery.flows.steps import Retry
from recovery.limits import Attempt, held_back, refusal

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
STEP = Retry.model_validate(
    {"kind": "retry", "schedule": [{"kind": "duration"}], "next": "a", "on_stop": "a"}
)
FACTS = {"decline_class": "soft", "decline_code": "insufficient_funds"}
# As the networks state them, written down once more.
VISA, MASTERCARD = (15, timedelta(days=30)), (10, timedelta(hours=24))
WAITS = st.sampled_from([0, 0, 0, 1, 24, 240])


def most_within(moments: list[datetime], window: timedelta) -> int:
    """The most tries in any stretch of this length, each taken as its first moment."""
    return max(sum(first <= one < first + window for one in moments) for first in moments)


@given(
    st.lists(st.tuples(st.integers(0, 8 * 24), WAITS), min_size=1, max_size=40),
    st.integers(1, 3),
)
def test_payments_on_one_card_never_pass_a_limit_together(wishes, payments):
    """Each payment plans its next try by what it knows; whoever comes first tries first."""
    wanted = [wishes[number::payments] for number in range(payments)]
    made = [Attempt("card", AT, False, "soft")]
    due = {number: AT for number, wish in enumerate(wanted) if wish}
    armed: dict[int, bool] = {}
    for _ in range(400):
        if not due:
            break
        number = min(due, key=lambda one: (due[one], one))
        now = due[number]
        hours, wait = wanted[number][0]
        if not armed.get(number):
            planned = plan(STEP, FACTS, None, now + hours * HOUR, made)
            due[number], armed[number] = planned.at, True
            continue
        refused = refusal(made, "card", now)
        if refused is not None:  # another payment's try came in between: it is put off, and made
            assert refused.until is not None
            assert refused.until > now
            due[number] = refused.until
            continue
        newest = made[-1]
        assert now >= newest.at + newest.wait
        made.append(Attempt("card", now, False, "soft", wait * HOUR))
        armed[number] = False
        wanted[number].pop(0)
        if not wanted[number]:
            del due[number]
    assert not due, "every wish comes true in the end"
    for most, window in (VISA, MASTERCARD):
        assert most_within([one.at for one in made], window) <= most


@given(
    st.lists(st.tuples(st.integers(0, 45 * 24 * 60), WAITS), max_size=40),
    st.integers(0, 40 * 24 * 60),
)
def test_what_is_held_back_is_held_until_the_first_moment_that_nothing_forbids(tries, minutes):
    made = [Attempt("card", AT + timedelta(minutes=at), False, "soft", wait * HOUR)
            for at, wait in tries]  # fmt: skip
    moment = max([AT, *(one.at for one in made)]) + timedelta(minutes=minutes)
    held = held_back(made, moment)
    if held is None:
        assert refusal(made, "card", moment) is None
        return
    assert held.until is not None
    assert held.until > moment
    assert refusal(made, "card", held.until) is None
    assert refusal(made, "card", held.until - timedelta(microseconds=1)) is not None


def test_a_wait_that_the_network_asked_for_moves_the_plan():
    asked = [Attempt("card", AT, False, "soft", 240 * HOUR)]
    found = plan(STEP, FACTS, None, AT + 48 * HOUR, asked)
    assert found.at == AT + 240 * HOUR
    assert found.reason == (
        "by its schedule, once the card networks allow it: The network asked to wait."
    )
    # A success since then says that it need not be waited for.
    paid = [*asked, Attempt("card", AT + HOUR, is_success=True)]
    assert plan(STEP, FACTS, None, AT + 48 * HOUR, paid).at == AT + 48 * HOUR


def test_a_firm_no_or_another_card_holds_nothing_back():
    """A firm refusal is told when it comes to the try, by the step's own way out."""
    firm = [Attempt("card", AT, False, "hard", 240 * HOUR)]
    assert held_back(firm, AT + HOUR) is None
    assert refusal(firm, "card", AT + HOUR) is not None
    assert refusal(firm, "other", AT + HOUR) is None
    assert held_back([], AT) is None
