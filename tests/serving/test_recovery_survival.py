"""The curve of recovery against hand-made lives, and against another estimator altogether."""

from fractions import Fraction
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from serving.recovery_pages.survival import Ending, recovered_by_day

LIVES = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["recovered", "lost", "open"])), min_size=1,
    max_size=60,
)  # fmt: skip


def test_four_lives_by_hand():
    """Recovered on day 2, lost on day 3, open for 5 days, recovered on day 5."""
    endings = [
        Ending(2, "recovered", 1), Ending(3, "lost", 1), Ending(5, "open", 1),
        Ending(5, "recovered", 1),
    ]  # fmt: skip
    curve = recovered_by_day(endings, 30)
    # A quarter on day 2; of the half that is neither, one of the two at risk on day 5.
    assert curve.shares == (0, 0, 0.25, 0.25, 0.25, 0.5)
    assert curve.at_risk == (4, 4, 4, 3, 2, 2)


def test_what_is_open_lowers_nothing_before_it_could_end():
    """One recovered on day 3; nine failed today. Half a month's share is not a tenth."""
    curve = recovered_by_day([Ending(3, "recovered", 1), Ending(0, "open", 9)], 30)
    assert curve.shares == (0, 0, 0, 1)
    assert recovered_by_day([], 30).shares == ()


def weighted(lives: list[tuple[int, str]], day: int) -> Fraction:
    """Return the share by weighing each recovery by the chance that it could be seen at all."""
    kept, chances = Fraction(1), {}
    left = len(lives)
    for at, found in groupby(sorted(lives), key=lambda life: life[0]):
        outcomes = [outcome for _, outcome in found]
        chances[at] = kept
        still, ended = outcomes.count("open"), len(outcomes) - outcomes.count("open")
        if left > ended:
            kept *= 1 - Fraction(still, left - ended)
        left -= len(outcomes)
    seen = (1 / chances[at] for at, outcome in lives if outcome == "recovered" and at <= day)
    return sum(seen, Fraction(0)) / len(lives)


@given(LIVES)
def test_the_curve_is_what_weighing_by_chance_of_sight_gives(lives):
    endings = [Ending(at, outcome, 1) for at, outcome in lives]
    curve = recovered_by_day(endings, 12)
    for day, share in enumerate(curve.shares):
        assert abs(share - float(weighted(lives, day))) < 1e-9
    assert list(curve.shares) == sorted(curve.shares)
    if all(outcome != "open" for _, outcome in lives):
        plain = sum(outcome == "recovered" for _, outcome in lives) / len(lives)
        assert abs(curve.shares[-1] - plain) < 1e-9
