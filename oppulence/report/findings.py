"""What happened in the month? Exact amounts per currency, ready to be drawn.

Amounts are minor units. Shares are whole tenths of a percent, rounded half up by integers alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse
from oppulence.report import queries
from oppulence.report.bridge import Bridge, bridges_of
from oppulence.report.cases import Case, Compared, cases_of, compared_of
from oppulence.report.cash import CashChain, cash_chains
from oppulence.report.currencies import by_currency
from oppulence.report.months import Month

STEPS = ("new", "expansion", "reactivation", "contraction", "churn")
COHORTS_SHOWN = 12
# Days late at the end of the month: the label, and the last day that belongs to it.
AGES = (("Not due", 0), ("1 to 30 days", 30), ("31 to 60", 60), ("61 to 90", 90), ("Over 90", None))


@dataclass(frozen=True, slots=True)
class Mrr:
    """A currency's MRR from the end of one month to the end of the next."""

    currency: str
    opening_minor: int
    moves: Mapping[str, int]
    movers: Mapping[str, int]
    paying_before: int
    paying_after: int

    @property
    def closing_minor(self) -> int:
        """What the opening and the moves come to."""
        return self.opening_minor + sum(self.moves.values())


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers whose first MRR was in one month; a figure per month's end, the first one first."""

    month: Month
    mrr_minor: Sequence[int]
    customers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """A currency's cohorts, oldest first."""

    currency: str
    cohorts: Sequence[Cohort]


@dataclass(frozen=True, slots=True)
class Ageing:
    """A currency's open invoices at the month's end: (label, invoices, amount) by age."""

    currency: str
    buckets: Sequence[tuple[str, int, int]]

    @property
    def total_minor(self) -> int:
        """All that is open."""
        return sum(amount for _, _, amount in self.buckets)


@dataclass(frozen=True, slots=True)
class Recovery:
    """A currency's payments that first failed in the month, and what has become of them."""

    currency: str
    steps: Sequence[tuple[str, int, int]]
    reasons: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Findings:
    """A month of a workspace; in each part the currency with the most paying customers first.

    Attributes:
        is_computed: Whether the models have run on what landed, where anything has.
        customers: How many paid at the end of the month before, and at the end of this one.
    """

    month: Month
    made_at: datetime
    is_computed: bool
    customers: tuple[int, int]
    mrr: Sequence[Mrr]
    cohorts: Sequence[Cohorts]
    bridges: Sequence[Bridge]
    cash: Sequence[CashChain]
    compared: Compared
    cases: Sequence[Case]
    ageing: Sequence[Ageing]
    recovery: Sequence[Recovery]

    @property
    def is_running(self) -> bool:
        """Whether the month was not over when it was asked about."""
        return self.made_at.date() < self.month.ends_before


Part = TypeVar("Part", Cohorts, Bridge, CashChain, Ageing, Recovery)


def find(warehouse: Warehouse, tenant: TenantId, month: Month, now: datetime) -> Findings:
    """Ask the warehouse about a month; while it runs, about what there is of it."""
    until = month.until(now.date())

    def ask(query: TenantQuery) -> list[dict[str, Any]]:
        return queries.ask(warehouse, tenant, query, month, until)

    (landed,) = ask(queries.LANDED)
    (customers,) = ask(queries.CUSTOMERS)
    (waiting,) = ask(queries.WAITING)
    mrr = mrr_of(ask(queries.MOVEMENTS), ask(queries.PAYING))
    order = [one.currency for one in mrr]

    def ordered(parts: list[Part]) -> list[Part]:
        """Keep one order of currencies on the whole page; those without MRR come last."""
        return sorted(
            parts,
            key=lambda one: order.index(one.currency) if one.currency in order else len(order),
        )

    return Findings(
        month=month,
        made_at=now,
        is_computed=landed["computed"] > 0 or landed["landed"] == 0,
        customers=(int(customers["opening"]), int(customers["closing"])),
        mrr=mrr,
        cohorts=ordered(cohorts_of(ask(queries.COHORTS))),
        bridges=ordered(bridges_of(ask(queries.BRIDGE))),
        cash=ordered(cash_chains(ask(queries.HELD), ask(queries.FLOWS), ask(queries.PAYOUTS))),
        compared=compared_of(ask(queries.COMPARED), int(waiting["payouts"])),
        cases=cases_of(ask(queries.UNMATCHED), month, until),
        ageing=ordered(ageing_of(ask(queries.RECEIVABLES))),
        recovery=ordered(recovery_of(ask(queries.FAILURES), ask(queries.REASONS))),
    )


def mrr_of(
    movements: Sequence[Mapping[str, Any]], paying: Sequence[Mapping[str, Any]]
) -> list[Mrr]:
    """Return each currency's bridge, the most paying customers first."""
    counts = {row["currency"]: row for row in paying}
    found = []
    for currency, rows in by_currency(movements).items():
        amounts = {row["step"]: int(row["amount_minor"]) for row in rows}
        movers = {row["step"]: int(row["customers"]) for row in rows}
        opening = amounts.pop("opening", 0)
        if unknown := set(amounts) - set(STEPS):
            raise ValueError(f"movements of an unknown kind: {unknown}")
        found.append(
            Mrr(
                currency, opening, {step: amounts.get(step, 0) for step in STEPS},
                {step: movers.get(step, 0) for step in STEPS},
                int(counts[currency]["opening"]), int(counts[currency]["closing"]),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (-one.paying_after, -one.paying_before, one.currency))


def cohorts_of(rows: Sequence[Mapping[str, Any]]) -> list[Cohorts]:
    """Return each currency's newest cohorts, the currency with most customers first."""
    found = []
    for currency, told in by_currency(rows).items():
        months: dict[date, list[Mapping[str, Any]]] = {}
        for row in told:  # in the order of months
            months.setdefault(row["cohort_month"], []).append(row)
        cohorts = [
            Cohort(
                Month(first),
                [int(row["mrr_minor"]) for row in of_cohort],
                [int(row["customers"]) for row in of_cohort],
            )
            for first, of_cohort in list(months.items())[-COHORTS_SHOWN:]
        ]
        found.append(Cohorts(currency, cohorts))
    return sorted(found, key=lambda c: (-sum(o.customers[0] for o in c.cohorts), c.currency))


def ageing_of(rows: Sequence[Mapping[str, Any]]) -> list[Ageing]:
    """Return each currency's open invoices by age, the most invoices first."""
    found = []
    for currency, late in by_currency(rows).items():
        invoices, amounts = [0] * len(AGES), [0] * len(AGES)
        for row in late:
            place = next(
                n for n, (_, last) in enumerate(AGES) if last is None or row["days_late"] <= last
            )
            invoices[place] += int(row["invoices"])
            amounts[place] += int(row["amount_minor"])
        labels = [label for label, _ in AGES]
        found.append(Ageing(currency, list(zip(labels, invoices, amounts, strict=True))))
    return sorted(found, key=lambda one: (-sum(n for _, n, _ in one.buckets), one.currency))


def recovery_of(
    failures: Sequence[Mapping[str, Any]], reasons: Sequence[Mapping[str, Any]]
) -> list[Recovery]:
    """Return each currency's funnel, the most failures first."""
    why = by_currency(reasons)
    found = []
    for currency, rows in by_currency(failures).items():

        def step(
            label: str, chosen: Sequence[Mapping[str, Any]], amount: str = "amount_minor"
        ) -> tuple[str, int, int]:
            number = sum(int(row["payments"]) for row in chosen)
            return label, number, sum(int(row[amount]) for row in chosen)

        recovered = [row for row in rows if row["status"] == "recovered"]

        steps = [
            step("Failed", rows),
            step("Tried again", [row for row in rows if row["tried_again"]]),
            step("Recovered", recovered, "recovered_minor"),
            step("Still open", [row for row in rows if row["status"] == "open"]),
            step("Lost", [row for row in rows if row["status"] == "lost"]),
        ]
        found.append(Recovery(currency, steps, why.get(currency, [])))
    return sorted(found, key=lambda one: (-one.steps[0][1], one.currency))


def tenths(part: int, whole: int) -> int:
    """Return a share in tenths of a percent, rounded half up; 0 of nothing is 0."""
    if whole == 0:
        return 0
    sign = -1 if (part < 0) != (whole < 0) and part else 1
    return sign * ((2000 * abs(part) + abs(whole)) // (2 * abs(whole)))
