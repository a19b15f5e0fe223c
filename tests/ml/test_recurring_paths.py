"""What the search for series finds of all payees at once is what one finds by hand of each."""

import itertools
import math
from datetime import date, timedelta

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from ml.recurring import series
from ml.recurring.cadences import CADENCES
from ml.recurring.pairs import pairs_of, usual
from ml.recurring.paths import paths
from ml.recurring.payments import Payments

# Days that lie near a rhythm and days that do not, amounts that repeat and amounts that do not.
DAYS = st.lists(
    st.one_of(st.integers(0, 400), st.integers(0, 12).map(lambda n: 30 * n + n % 2)),
    min_size=1, max_size=9,
)  # fmt: skip
AMOUNTS = st.one_of(st.sampled_from([999, 1_000, 1_200]), st.integers(50, 90_000))
PAYEES = st.lists(
    DAYS.flatmap(lambda days: st.tuples(st.just(sorted(days)),
                                        st.lists(AMOUNTS, min_size=len(days), max_size=len(days)))),
    min_size=1, max_size=4,
)  # fmt: skip


def payments_of(payees: list[tuple[list[int], list[int]]]) -> Payments:
    payee = [number for number, (days, _) in enumerate(payees) for _ in days]
    days = [738_000 + day for days, _ in payees for day in days]
    logs = [math.log(amount) for _, amounts in payees for amount in amounts]
    return Payments(np.array(payee), np.array(days), np.array(logs))


@settings(deadline=None, max_examples=40)
@given(PAYEES)
def test_how_densely_amounts_lie_is_a_sum_over_all_others(payees):
    def laplace(distance: float, scale: float) -> float:
        return math.exp(-abs(distance) / scale) / (2 * scale)

    payments = payments_of(payees)
    expected = [
        sum(
            0.5 * laplace(own - other, 0.002) + 0.5 * laplace(own - other, 0.4)
            for place, (other, payee) in enumerate(zip(payments.logs, payments.payee, strict=True))
            if payee == whose and place != at
        )
        for at, (own, whose) in enumerate(zip(payments.logs, payments.payee, strict=True))
    ]
    assert usual(payments) == pytest.approx(expected)


@settings(deadline=None, max_examples=40)
@given(PAYEES)
def test_pairs_never_join_two_payees_and_lie_whole_periods_apart(payees):
    payments = payments_of(payees)
    for cadence in CADENCES:
        pairs = pairs_of(payments, cadence)
        expected = [
            (one, other)
            for other in range(len(payments.logs))
            for one in range(other)
            if payments.payee[one] == payments.payee[other]
            and abs(payments.logs[one] - payments.logs[other]) <= 0.6
            for periods in (1, 2, 3)
            if abs(payments.ordinals[other] - payments.ordinals[one] - periods * cadence.length)
            <= cadence.width
        ]
        assert list(zip(pairs.earlier, pairs.later, strict=True)) == expected


@settings(deadline=None, max_examples=25)
@given(PAYEES)
def test_the_best_chain_is_the_best_of_all_that_there_are(payees):
    """Every chain of every payee and rhythm is tried, one by one, against the search's answer."""
    payments = payments_of(payees)
    found = paths(payments)
    density = usual(payments)
    for number, cadence in enumerate(CADENCES):
        pairs = pairs_of(payments, cadence)
        for payee, (days, _) in enumerate(payees):
            places = np.flatnonzero(payments.payee == payee).tolist()
            pace = max(len(days) - 1, 1) / max(days[-1] - days[0], 1)
            gains = {}
            for one, other, likely, chance in zip(
                pairs.earlier, pairs.later, pairs.series, pairs.chance, strict=True
            ):
                mixed = (5 * chance + density[other]) / (5 + len(days) - 1)
                gain = math.log(likely / (mixed * pace))
                gains[one, other] = max(gain, gains.get((one, other), -math.inf))
            tried = (
                [*itertools.pairwise(chosen)]
                for size in range(2, len(places) + 1)
                for chosen in itertools.combinations(places, size)
            )
            possible = [links for links in tried if all(link in gains for link in links)]
            best = 0.0
            for each in (0.0, 1.0):
                sums = ((sum(gains[link] + each for link in chain), len(chain))
                        for chain in possible)  # fmt: skip
                earned, links = max(sums, default=(0.0, 0))
                if earned > 0:
                    others = len(days) - links
                    alone = links + others * math.log(others / len(days))
                    best = max(best, earned - each * links + alone)
            assert found.score[number, payee] == pytest.approx(best, abs=1e-9)
            assert len(found.places(number, payee)) == found.links[number, payee] + 1


@settings(deadline=None, max_examples=25)
@given(PAYEES, st.integers(0, 500))
def test_each_payee_is_answered_among_others_as_alone(payees, seen: int):
    # A subscription among the payees, so that something is found.
    payees = [*payees, ([30 * n for n in range(6)], [1_499] * 6)]
    frames = [
        pl.DataFrame(
            {
                "provider": "plaid", "merchant": f"payee {number}", "currency": "EUR",
                "amount_minor": [-amount for amount in amounts],
                "booked_on": [date(2023, 1, 3) + timedelta(days=day) for day in days],
            }
        )
        for number, (days, amounts) in enumerate(payees)
    ]  # fmt: skip
    as_of = date(2023, 1, 3) + timedelta(days=seen)
    together = series(pl.concat(frames), as_of).drop("rows")
    apart = pl.concat([series(frame, as_of).drop("rows") for frame in frames])
    assert together.sort("merchant", "first_on").equals(apart.sort("merchant", "first_on"))
