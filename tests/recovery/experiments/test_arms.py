"""Arms are dealt by hash: a customer keeps an arm, the shares are as they say, also in strata."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from recovery.experiments.arms import (
    WHOLE,
    Arm,
    Experiment,
    ExperimentInvalidError,
    arm_of,
    balanced_arm_of,
)


def experiment(**changes: object) -> Experiment:
    values: dict[str, object] = {
        "id": "exp_1",
        "arms": (Arm("flow", 6000), Arm("gentle", 3000), Arm("holdout", 1000)),
        "holdout": "holdout",
    }
    return Experiment(**{**values, **changes})  # type: ignore[arg-type]


@given(st.text())
def test_a_customer_meets_the_same_arm_every_time(customer: str) -> None:
    assert arm_of(experiment(), customer) == arm_of(experiment(), customer)


def test_the_arms_of_many_customers_are_as_their_shares_say() -> None:
    counts = Counter(arm_of(experiment(), f"cus_{number}") for number in range(20_000))
    observed = [counts["flow"], counts["gentle"], counts["holdout"]]
    assert stats.chisquare(observed, [12_000, 6_000, 2_000]).pvalue > 0.01


def test_two_experiments_deal_independently() -> None:
    other = experiment(id="exp_2")
    table = Counter(
        (arm_of(experiment(), name), arm_of(other, name))
        for name in (f"cus_{number}" for number in range(20_000))
    )
    arms = ("flow", "gentle", "holdout")
    rows = [[table[one, two] for two in arms] for one in arms]
    assert stats.chi2_contingency(rows).pvalue > 0.01


@given(stratum=st.text(), block=st.integers(0, 1000))
def test_each_full_block_of_a_stratum_holds_exactly_the_shares(stratum: str, block: int) -> None:
    dealt = Counter(
        balanced_arm_of(experiment(), stratum, position)
        for position in range(block * 10, block * 10 + 10)
    )
    assert dealt == {"flow": 6, "gentle": 3, "holdout": 1}


def test_blocks_are_shuffled_differently() -> None:
    """One fixed order would tell who comes next, and meet any weekly rhythm of failures."""
    orders = {
        tuple(balanced_arm_of(experiment(), stratum, n) for n in range(block * 10, block * 10 + 10))
        for stratum in ("eur", "usd")
        for block in range(50)
    }
    assert len(orders) > 80


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"arms": (Arm("flow", WHOLE),), "holdout": "flow"}, "two or more arms"),
        ({"arms": (Arm("flow", 5000), Arm("flow", 5000))}, "each named once"),
        ({"arms": (Arm("flow", 5000), Arm("holdout", 4000))}, "sum to 10000"),
        ({"arms": (Arm("flow", 11000), Arm("holdout", -1000))}, "must be positive"),
        ({"holdout": "none"}, "none of the arms"),
        ({"arms": (Arm("flow", 4000), Arm("holdout", 6000))}, "half of the customers"),
        ({"arms": (Arm("flow", 9999), Arm("holdout", 1))}, "blocks of 10000"),
        ({"maturity_days": 0}, "a day or more"),
        ({"effect": 0.0}, "between 0 and 1"),
    ],
)
def test_arms_that_make_no_experiment_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ExperimentInvalidError, match=words):
        experiment(**changes)
