"""Are a month's figures what the rows say, and does the page show them whole and alone?"""

import re
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from oppulence.report.bars import bars, steps
from oppulence.report.bridge import STEPS, bridges_of, meanings
from oppulence.report.cash import CashChain, cash_chains
from oppulence.report.findings import (
    Cohort,
    ageing_of,
    cohorts_of,
    mrr_of,
    recovery_of,
    tenths,
)
from oppulence.report.months import Month
from oppulence.report.page import heat, money, percent, render
from tests.oppulence.report_findings import OCTOBER, findings

AMOUNT = st.integers(-(10**12), 10**12)


def test_a_month_knows_its_days():
    assert Month.parse("2026-12").ends_before == date(2027, 1, 1)
    assert Month.before(date(2026, 1, 31)) == Month(date(2025, 12, 1))
    assert Month.parse("2024-02").since(Month.parse("2023-11")) == 3
    for wrong in ("2026-13", "26-01", "2026-1", "2026-01-01", "0000-01", "1969-12", "9999-12"):
        with pytest.raises(InvalidInputError):
            Month.parse(wrong)


def test_a_running_month_reaches_to_the_day_and_one_that_is_over_to_its_end():
    november = Month(date(2026, 11, 1))
    assert november.until(date(2026, 11, 27)) == date(2026, 11, 28)
    assert november.until(date(2026, 11, 30)) == date(2026, 12, 1)
    assert november.until(date(2027, 3, 5)) == date(2026, 12, 1)


@given(AMOUNT, AMOUNT)
def test_shares_are_rounded_exactly(part, whole):
    if whole == 0:
        assert tenths(part, whole) == 0
        return
    exact = Fraction(1000 * part, whole)
    away = Fraction(1, 2)
    assert abs(exact - tenths(part, whole)) <= away


def test_amounts_read_well():
    assert money(-123_456_789, "EUR") == "−1,234,567.89 EUR"
    assert (money(1500, "JPY"), money(5120, "KWD")) == ("1,500 JPY", "5.120 KWD")
    assert (percent(985, 1000), percent(-1, 3), percent(0, 0)) == ("98.5 %", "−33.3 %", "–")
    assert [heat(part, 100) for part in (0, 9, 55, 100, 250, -3)] == [0, 0, 5, 10, 10, 0]


def test_mrr_bridges_from_month_to_month():
    def moved(step, amount, customers, currency="EUR"):
        return {"currency": currency, "step": step, "amount_minor": amount, "customers": customers}

    rows = [
        moved("opening", 10_000, 4), moved("new", 2_500, 2), moved("churn", -1_000, 1),
        moved("expansion", 300, 1), moved("new", 700, 1, "JPY"),
    ]  # fmt: skip
    paying = [
        {"currency": "EUR", "opening": 4, "closing": 5},
        {"currency": "JPY", "opening": 0, "closing": 9},
    ]
    yen, euro = mrr_of(rows, paying)
    assert (yen.currency, yen.opening_minor, yen.closing_minor) == ("JPY", 0, 700)
    assert (euro.opening_minor, euro.closing_minor) == (10_000, 11_800)
    assert euro.moves == {
        "new": 2_500, "expansion": 300, "reactivation": 0, "contraction": 0, "churn": -1_000,
    }  # fmt: skip


def test_a_cohort_is_followed_to_the_end_of_the_month():
    def told(cohort, month, amount, customers):
        return {
            "currency": "EUR", "cohort_month": date(2026, cohort, 1),
            "month": date(2026, month, 1), "mrr_minor": amount, "customers": customers,
        }  # fmt: skip

    rows = [
        told(8, 8, 1_000, 3), told(8, 9, 1_000, 3), told(8, 10, 600, 2), told(10, 10, 500, 1),
    ]  # fmt: skip
    (found,) = cohorts_of(rows)
    assert found.cohorts == [
        Cohort(Month(date(2026, 8, 1)), [1_000, 1_000, 600], [3, 3, 2]),
        Cohort(OCTOBER, [500], [1]),
    ]


def test_the_bridge_keeps_the_order_of_its_steps():
    rows = [
        {"currency": "EUR", "step": "mrr", "amount_minor": 10_000},
        {"currency": "EUR", "step": "still_owed", "amount_minor": -400},
        {"currency": "EUR", "step": "a_step_to_come", "amount_minor": -8_000},
    ]
    (found,) = bridges_of(rows)
    assert found.steps == [("MRR", 10_000), ("Still owed", -400), ("a_step_to_come", -8_000)]
    assert found.total_minor == 1_600
    assert meanings([found]) == [STEPS["mrr"], STEPS["still_owed"]]


def test_every_step_of_the_bridge_is_explained():
    described = Path("dbt/models/marts/billing/fct_cash_bridge.yml").read_text()
    (told,) = re.findall(r"name: step, data_type: String, description: \"(.*)\.\"}", described)
    assert [re.match(r" ?(\w+)", step)[1] for step in re.sub(r"\(.*?\)", "", told).split(",")] == [
        *STEPS
    ]
    assert all(meaning for _, meaning in STEPS.values())


def test_cash_adds_up_and_payouts_are_split_where_they_are_all_known():
    held = [{"currency": "EUR", "opening_minor": 1_000, "closing_minor": 1_700}]

    def flow(journal_type, account, amount):
        return {
            "currency": "EUR", "journal_type": journal_type, "account_code": account,
            "amount_minor": amount,
        }  # fmt: skip

    flows = [
        flow("stripe_charge", "1150", 10_000), flow("stripe_charge", "5010", -290),
        flow("stripe_refund", "1150", -510), flow("stripe_payout", "1020", -8_500),
    ]  # fmt: skip
    payouts = [
        {"currency": "EUR", "verdict": "matched", "amount_minor": 6_000},
        {"currency": "EUR", "verdict": "matched_group", "amount_minor": 2_000},
        {"currency": "EUR", "verdict": "not_covered", "amount_minor": 500},
    ]
    (chain,) = cash_chains(held, flows, payouts)
    assert chain == CashChain(
        "EUR",
        [("Held before", 1_000), ("Payments", 10_000)],
        [
            ("Payouts", 8_500),
            ("Refunds", 510),
            ("Processing fees", 290),
            ("Held afterwards", 1_700),
        ],
        [("In the bank", 8_000), ("Not covered by a bank", 500)],
    )
    assert sum(a for _, a in chain.sources) == sum(a for _, a in chain.uses) == 11_000
    (unsplit,) = cash_chains(held, flows, payouts[:1])
    assert unsplit.arrivals == []
    owed = [{"currency": "EUR", "opening_minor": -1_000, "closing_minor": -300}]
    (chain,) = cash_chains(owed, flows, [])
    assert (chain.sources[-1], chain.uses[0]) == (("Owed afterwards", 300), ("Owed before", 1_000))


def test_open_invoices_fall_into_ages_by_their_days():
    rows = [
        {"currency": "EUR", "days_late": days, "invoices": 1, "amount_minor": 100 + days}
        for days in (-5, 0, 1, 30, 31, 60, 61, 90, 91, 400)
    ]
    (found,) = ageing_of(rows)
    assert found.buckets == [
        ("Not due", 2, 195), ("1 to 30 days", 2, 231), ("31 to 60", 2, 291), ("61 to 90", 2, 351),
        ("Over 90", 2, 691),
    ]  # fmt: skip


def test_the_funnel_counts_each_failure_once_per_step():
    def failed(status, tried_again, payments, amount, recovered=0):
        return {
            "currency": "EUR", "status": status, "tried_again": tried_again, "payments": payments,
            "amount_minor": amount, "recovered_minor": recovered,
        }  # fmt: skip

    # Of what was recovered 40 were credited or given back.
    rows = [failed("recovered", 1, 3, 300, 260), failed("open", 0, 2, 50), failed("lost", 1, 1, 20)]
    (found,) = recovery_of(rows, [])
    assert found.steps == [
        ("Failed", 6, 370), ("Tried again", 4, 320), ("Recovered", 3, 260), ("Still open", 2, 50),
        ("Lost", 1, 20),
    ]  # fmt: skip


@given(AMOUNT, st.lists(AMOUNT, max_size=5))
def test_bars_stay_within_their_room(opening, moves):
    for bar in (*steps(opening, moves), *bars(moves)):
        assert bar.left >= -1e-9
        assert bar.width >= 0
        assert bar.left + bar.width <= 100 + 1e-9


def test_the_page_stands_alone_and_believes_no_name():
    page = render(findings(), "Ada <b>& Sons</b>")
    assert "Ada &lt;b&gt;&amp; Sons&lt;/b&gt;, October 2026" in page
    assert "po_&lt;script&gt;" in page
    assert not re.search(r"<script|<link|<img|@import|url\(|https?:", page)
    for amount in ("1,252.06 EUR", "−10.00 EUR", "0.01 EUR", "147.00 EUR", "81.1 %"):
        assert amount in page, amount
    assert re.findall(r"block (\w+)", page)[:8] == [
        "held", "held", "in", "out", "out", "out", "out", "held",
    ]  # fmt: skip
    assert page.count("<details open>") + page.count('class="plain" open') == 0
    assert "<details open>" in render(findings(), "Ada", is_printed=True)
