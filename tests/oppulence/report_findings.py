"""Which month do the tests of the report show? One with something in every part."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from oppulence.report.bridge import Bridge
from oppulence.report.cases import Case, Compared
from oppulence.report.cash import CashChain
from oppulence.report.findings import Ageing, Cohort, Cohorts, Findings, Mrr, Recovery
from oppulence.report.months import Month

OCTOBER = Month(date(2026, 10, 1))


def findings(**changes: Any) -> Findings:
    """A month with something in every part, and names that try to be more than names."""
    moves = {"new": 2_500, "expansion": 300, "reactivation": 0, "contraction": -50, "churn": -1_000}
    movers = {"new": 2, "expansion": 1, "reactivation": 0, "contraction": 1, "churn": 1}
    cohorts = [
        Cohort(Month(date(2025, 11 + n, 1) if n < 2 else date(2026, n - 1, 1)),
               [120_000 - 900 * age for age in range(12 - n)], [9] * (12 - n))
        for n in range(12)
    ]  # fmt: skip
    sources = [("Held before", 1_000), ("Payments", 10_000)]
    uses = [("Payouts", 8_500), ("Refunds", 510), ("Fees", 290), ("Held afterwards", 1_700)]
    return replace(Findings(
        month=OCTOBER,
        made_at=datetime(2026, 11, 2, 8, 30, tzinfo=UTC),
        is_computed=True,
        customers=(41, 43),
        mrr=[Mrr("EUR", 123_456, moves, movers, 41, 42), Mrr("JPY", 0, {**moves}, movers, 0, 1)],
        cohorts=[Cohorts("EUR", cohorts)],
        bridges=[
            Bridge("EUR", [("MRR", 125_206), ("Fees", -3_100), ("To and from banks", -120_000)])
        ],
        cash=[CashChain("EUR", sources, uses, [("In the bank", 8_000), ("On its way", 500)])],
        compared=Compared(12, 11, 10, uncovered=3, waiting=1),
        cases=[
            Case("payout", "po_<script>", [("deposit", "d_1"), ("entry", "e_1")],
                 date(2026, 10, 3), True, "EUR", 8_500, 1, "amount_differs",
                 "The bank shows 84.99 & not 85.00.")
        ],
        ageing=[Ageing("EUR", [("Not due", 1, 4_900), ("1 to 30 days", 2, 9_800)])],
        recovery=[
            Recovery("EUR", [("Failed", 6, 370), ("Tried again", 4, 320), ("Recovered", 3, 300)], [
                {"code": "insufficient_funds", "amount_minor": 370, "recovered_minor": 300}])
        ],
    ), **changes)  # fmt: skip
