"""What holds for any payouts, deposits and entries, however odd."""

import random
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.bank_days import bank_days_late, easter, is_bank_day, next_bank_day
from reconciliation.evidence import confidence
from reconciliation.matching import reconcile
from reconciliation.packing import best_of
from reconciliation.records import Company, Coverage, Deposit, Edge, Entry, Payout, Span
from reconciliation.subsets import MOST_PARTS, subsets_of
from sandbox.company import bank_days as simulated

FIRST = date(2026, 3, 2)
SPAN = Span(FIRST, FIRST + timedelta(days=60))
# Few amounts and few days, so that things collide.
AMOUNTS = st.sampled_from([10_000, 20_000, 30_000, 9_000, 19_250, 50_000, -10_000])
DAYS = st.integers(0, 12).map(lambda days: FIRST + timedelta(days=days))
CODES = st.sampled_from(["EUR", "USD"])
TEXTS = st.sampled_from(["STRIPE", "Stripe payout 2026-03-04", "SEPA", "STRIPE TRACE00003"])


def numbered(parts):
    return [replace(part, key=f"{part.key}{place}") for place, part in enumerate(parts)]


companies = st.builds(
    lambda payouts, deposits, entries: Company(
        [
            replace(part, key=f"p{place}", id=f"po_{place:06d}", trace_id=f"TRACE{place:05d}")
            for place, part in enumerate(payouts)
        ],
        numbered(deposits), numbered(entries), Coverage({"EUR": SPAN, "USD": SPAN}, SPAN),
    ),
    st.lists(st.builds(Payout, st.just("p"), st.just(""), CODES, AMOUNTS, DAYS, DAYS), max_size=6),
    st.lists(
        st.builds(Deposit, st.just("d"), st.just("b"), DAYS, CODES, AMOUNTS, TEXTS), max_size=6
    ),
    st.lists(st.builds(Entry, st.just("e"), st.just("l"), DAYS, CODES, AMOUNTS, TEXTS), max_size=6),
)  # fmt: skip


@given(companies)
@settings(max_examples=50, deadline=None)
def test_each_thing_is_used_once_and_money_is_conserved(company):
    found = {outcome.key: outcome for outcome in reconcile(company)}
    amounts = {p.key: p.amount_minor for p in (*company.payouts, *company.deposits)}
    used: list[str] = []
    groups = {found[p.key].deposits + found[p.key].payouts for p in company.payouts}
    for payout in company.payouts:
        outcome = found[payout.key]
        assert payout.key in outcome.payouts
        for deposit in outcome.deposits:
            assert found[deposit].payouts == outcome.payouts
            assert found[deposit].deposits == outcome.deposits
        if outcome.deposits and outcome.bank_verdict != "matched_converted":
            paid = sum(amounts[key] for key in outcome.payouts)
            came = sum(amounts[key] for key in outcome.deposits)
            assert paid - came == outcome.difference_minor
            assert outcome.difference_minor == 0 or outcome.bank_verdict == "matched_with_fee"
    for group in groups:
        used += [key for key in group if key.startswith("d")]
    assert len(used) == len(set(used))
    entries = [key for o in found.values() if o.kind == "entry" for key in o.entries]
    assert len(entries) == len(set(entries))


@given(companies, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_and_repetition_change_nothing(company, shuffler: random.Random):
    def mixed(records):
        twice = [*records, *records]
        shuffler.shuffle(twice)
        return twice

    again = Company(
        mixed(company.payouts), mixed(company.deposits), mixed(company.entries), company.coverage
    )
    assert reconcile(again) == reconcile(company)


edges = st.lists(
    st.builds(
        lambda left, right, weight: Edge(
            tuple(sorted(left)), tuple(sorted(right)), weight, "exact"
        ),
        st.sets(st.sampled_from("abcd"), min_size=1, max_size=2),
        st.sets(st.sampled_from("wxyz"), min_size=1, max_size=2),
        st.integers(-2, 9).map(float),
    ),
    max_size=9,
    unique_by=lambda edge: (edge.left, edge.right),
)  # fmt: skip


@given(edges)
@settings(max_examples=100, deadline=None)
def test_the_packing_is_the_best_of_all_packings(possible):
    def fits(chosen):
        things = [thing for edge in chosen for thing in (*edge.left, *edge.right)]
        return len(things) == len(set(things))

    best = max(
        sum(edge.weight for edge in chosen)
        for size in range(len(possible) + 1)
        for chosen in combinations(possible, size)
        if fits(chosen)
    )
    taken = best_of(possible)
    assert fits(taken)
    assert sum(edge.weight for edge in taken) == best


@given(st.lists(st.integers(1, 30), max_size=9), st.integers(1, 60))
def test_every_small_subset_of_the_sum_is_found(amounts, target):
    every = {
        places
        for size in range(2, MOST_PARTS + 1)
        for places in combinations(range(len(amounts)), size)
        if sum(amounts[place] for place in places) == target
    }
    found = subsets_of(amounts, target)
    assert set(found) <= every
    assert len(found) == min(len(every), 24)
    assert subsets_of([-amount for amount in amounts], -target) == found


@given(
    st.dates(date(2015, 1, 1), date(2035, 12, 31)),
    st.integers(0, 40),
    st.sampled_from(["EUR", "USD"]),
)
def test_bank_days_agree_with_the_simulated_banks(begin, days, currency):
    """The sandbox has its own calendar, from another computation of Easter."""
    end = begin + timedelta(days=days)
    assert easter(begin.year) == simulated.easter(begin.year)
    assert is_bank_day(begin, currency) == simulated.is_bank_day(begin, currency.lower())
    first, last = next_bank_day(begin, currency), next_bank_day(end, currency)
    between = simulated.bank_days_between(first, last, currency.lower())
    assert bank_days_late(begin, end, currency) == between


def test_pounds_rest_on_substitute_days():
    """England and Wales, 2027: Christmas is a Saturday, Boxing Day a Sunday."""
    december = [date(2027, 12, day) for day in range(24, 31)]
    rests = [day.day for day in december if not is_bank_day(day, "GBP")]
    assert rests == [25, 26, 27, 28]


@given(st.floats(-60, 60), st.floats(-60, 60))
def test_more_evidence_is_never_less_confidence(one, other):
    low, high = sorted((one, other))
    assert 0 <= confidence(low) <= confidence(high) <= 999
