"""The bounds hold the truth as often as they say: published values, exact coverage, simulation."""

import numpy as np
import pytest
from scipy import stats

from recovery.experiments.arms import Arm, Experiment
from recovery.experiments.cash import bootstrap_t, cash_lift
from recovery.experiments.proportions import newcombe, wilson
from recovery.experiments.sequential import confidence_sequence, is_readable, units_needed
from recovery.experiments.units import Tally

EXPERIMENT = Experiment("exp", (Arm("flow", 9000), Arm("holdout", 1000)), holdout="holdout")


@pytest.mark.parametrize(
    ("treated", "control", "lower", "upper"),
    [
        # Newcombe 1998, table II, method 10.
        (Tally(70, 56), Tally(80, 48), 0.0524, 0.3339),
        (Tally(10, 9), Tally(10, 3), 0.1705, 0.8090),
        (Tally(7, 6), Tally(7, 2), 0.0582, 0.8062),
        (Tally(56, 5), Tally(29, 0), -0.0381, 0.1926),
        (Tally(10, 0), Tally(20, 0), -0.1611, 0.2775),
        (Tally(10, 10), Tally(10, 0), 0.6075, 1.0000),
    ],
)
def test_newcombe_s_own_examples(
    treated: Tally, control: Tally, lower: float, upper: float
) -> None:
    found = newcombe(treated, control)
    assert (round(found.lower, 4), round(found.upper, 4)) == (lower, upper)


def test_wilson_is_scipy_s() -> None:
    expected = stats.binomtest(17, 60).proportion_ci(method="wilson")
    found = wilson(Tally(60, 17))
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(
    ("treated", "ours", "held", "theirs"),
    [(450, 0.55, 50, 0.45), (200, 0.6, 200, 0.5), (150, 0.3, 150, 0.3), (270, 0.8, 30, 0.7)],
)
def test_newcombe_covers_the_truth_in_94_to_96_of_100_experiments(
    treated: int, ours: float, held: int, theirs: float
) -> None:
    """Exactly: every pair of counts that may happen, weighted by how often it does."""
    of_ours = stats.binom.pmf(np.arange(treated + 1), treated, ours)
    of_theirs = stats.binom.pmf(np.arange(held + 1), held, theirs)
    covered = 0.0
    for x, weight in enumerate(of_ours):
        if weight < 1e-7:
            continue
        for y, other in enumerate(of_theirs):
            if other < 1e-7:
                continue
            found = newcombe(Tally(treated, x), Tally(held, y))
            covered += weight * other * found.holds(ours - theirs)
    assert 0.94 <= covered <= 0.96


def test_the_cash_interval_is_that_of_plain_resampling() -> None:
    """Drawing counts of each price is drawing customers: against a loop that draws customers."""
    generator = np.random.default_rng(5)
    prices = np.array([1900.0, 4900.0, 49900.0])
    treated = generator.choice(prices, 300) * (generator.random(300) < 0.6)
    control = generator.choice(prices, 200) * (generator.random(200) < 0.5)
    difference = treated.mean() - control.mean()
    error = np.sqrt(treated.var(ddof=1) / 300 + control.var(ddof=1) / 200)
    distances = []
    for _ in range(8000):
        one, two = generator.choice(treated, 300), generator.choice(control, 200)
        spread = np.sqrt(one.var(ddof=1) / 300 + two.var(ddof=1) / 200)
        distances.append((one.mean() - two.mean() - difference) / spread)
    low, high = np.quantile(distances, [0.025, 0.975])
    found = bootstrap_t(treated, control, seed=9, resamples=8000)
    assert found.estimate == difference
    assert found.lower == pytest.approx(difference - high * error, abs=0.06 * error)
    assert found.upper == pytest.approx(difference - low * error, abs=0.06 * error)


def test_cash_sums_are_exact_and_repeat() -> None:
    treated = np.array([0.0, 2500.0] * 60)
    control = np.array([0.0, 0.0, 2500.0] * 40)
    found = cash_lift("EUR", treated, control, seed=3)
    assert (found.treated_minor, found.control_minor) == (150_000, 100_000)
    assert found == cash_lift("EUR", treated, control, seed=3)
    assert found.total is not None
    # 1250 less 833 1/3 a customer, over 120 customers.
    assert found.total[0] == 50_000


def test_a_cash_interval_of_too_few_is_not_given() -> None:
    few = np.array([100.0] * 99)
    enough = np.array([100.0, 0.0] * 60)
    assert cash_lift("EUR", few, enough, seed=1).per_unit is None
    assert cash_lift("EUR", few, enough, seed=1).total is None


def test_looking_daily_at_no_effect_finds_one_in_at_most_5_of_100_experiments() -> None:
    generator = np.random.default_rng(11)
    found = 0
    for _ in range(400):
        held = generator.binomial(20, 0.1, 120)
        sizes = (20 - held).cumsum(), held.cumsum()
        recovered = (
            generator.binomial(20 - held, 0.5).cumsum(),
            generator.binomial(held, 0.5).cumsum(),
        )
        days = zip(*(counts.tolist() for counts in (*sizes, *recovered)), strict=True)
        for ours, theirs, paid, paid_alone in days:
            treated, control = Tally(ours, paid), Tally(theirs, paid_alone)
            if not is_readable(treated, control):
                continue
            if not confidence_sequence(EXPERIMENT, treated, control).holds(0.0):
                found += 1
                break
    assert found / 400 <= 0.05


def test_the_sequence_is_wider_than_a_single_look() -> None:
    treated, control = Tally(900, 540), Tally(100, 50)
    single, every = newcombe(treated, control), confidence_sequence(EXPERIMENT, treated, control)
    assert every.estimate == pytest.approx(single.estimate)
    assert every.lower < single.lower < single.upper < every.upper


def test_a_smaller_effect_needs_more_customers() -> None:
    small = Experiment("exp", EXPERIMENT.arms, holdout="holdout", effect=0.025)
    assert units_needed(small, 0.5) > 3.5 * units_needed(EXPERIMENT, 0.5)
