"""Is a month's report, asked of the built marts, what the demo company's own books say?"""

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from core.clock import utc_now
from core.tenancy import TenantId
from core.warehouse import Warehouse
from oppulence.report.cases import Compared
from oppulence.report.findings import Findings, find
from oppulence.report.months import Month
from oppulence.report.page import render
from reconciliation.tables import prepare_tables
from tests.dbt.company import WORKSPACE, Company

# The last two months of the company are over, and nothing is known after them.
SEPTEMBER, OCTOBER = Month(date(2026, 9, 1)), Month(date(2026, 10, 1))


@pytest.fixture(scope="module")
def october(built: Warehouse, company: Company) -> Findings:
    prepare_tables(built)
    return find(built, TenantId(WORKSPACE), OCTOBER, utc_now())


def test_mrr_at_both_ends_is_the_books(october: Findings, company: Company) -> None:
    truth = company.books.mrr()
    told = {one.currency.lower(): (one.opening_minor, one.closing_minor) for one in october.mrr}
    assert told == {
        currency: (days["2026-09-30"], days["2026-10-31"]) for currency, days in truth.items()
    }
    moved = Counter(
        (m["currency"], m["kind"]) for m in company.books.movements() if m["on"][:7] == "2026-10"
    )
    assert {
        (one.currency.lower(), kind): n
        for one in october.mrr
        for kind, n in one.movers.items()
        if n
    } == dict(moved)


def test_cohorts_come_to_the_mrr(october: Findings) -> None:
    """Those of all months together are the whole of a month's end."""
    closing = {one.currency: one.closing_minor for one in october.mrr}
    for part in october.cohorts:
        assert len(part.cohorts) <= 12
        newest = sum(cohort.mrr_minor[-1] for cohort in part.cohorts)
        if len(part.cohorts) < 12:
            assert newest == closing[part.currency]


def test_the_bridge_ends_at_what_stripes_balance_changed_by(
    october: Findings, company: Company
) -> None:
    balances = company.books.balances()
    changed = {
        currency.upper(): days["2026-10-31"] - days["2026-09-30"]
        for currency, days in balances.items()
    }
    told = {one.currency: one.total_minor for one in october.bridges}
    assert {currency: told.get(currency, 0) for currency in changed} == changed


def test_customers_of_all_currencies_are_counted_once(october: Findings, company: Company) -> None:
    paid: dict[str, Counter[tuple[str, str]]] = {"2026-09-30": Counter(), "2026-10-31": Counter()}
    for moved in company.books.movements():
        for day, amounts in paid.items():
            if moved["on"] <= day:
                amounts[moved["customer"], moved["currency"]] += moved["amount"]
    assert october.customers == tuple(
        len({customer for (customer, _), amount in amounts.items() if amount})
        for amounts in paid.values()
    )


def test_what_was_compared_and_what_waits_is_what_the_tables_hold(
    built: Warehouse, october: Findings
) -> None:
    def held(sql: str) -> list[dict]:
        return list(built.rows(f"{sql} where workspace_id = '{WORKSPACE}'"))

    landed = {
        (row["connection_id"], row["id"])
        for row in held("select connection_id, id, created_at from unified.payouts final")
        if row["created_at"] < datetime(2026, 11, 1, tzinfo=UTC)
    }
    seen = held(
        "select connection_id, id, happened_on, bank_verdict from"
        " marts.fct_payout_reconciliation final"
    )
    verdicts = [row["bank_verdict"] for row in seen if row["happened_on"] < date(2026, 11, 1)]
    assert landed
    assert october.is_computed
    told = october.compared
    assert (told.payouts, told.uncovered, told.waiting) == (
        len(verdicts) - verdicts.count("not_covered"), verdicts.count("not_covered"),
        len(landed - {(row["connection_id"], row["id"]) for row in seen}),
    )  # fmt: skip


def test_cash_is_what_the_books_say_stripe_held(october: Findings, company: Company) -> None:
    balances = company.books.balances()
    assert october.cash
    for chain in october.cash:
        days = balances[chain.currency.lower()]
        held = days["2026-10-31"], days["2026-09-30"]
        after = dict(chain.uses).get("Held afterwards", 0)
        before = dict(chain.sources).get("Held before", 0)
        assert (after, before) == (max(0, held[0]), max(0, held[1])), chain.currency
        assert sum(a for _, a in chain.sources) == sum(a for _, a in chain.uses)


def test_receivables_are_the_ledgers(built: Warehouse, october: Findings) -> None:
    ledger = {
        row["currency"]: row["open_minor"]
        for row in built.rows(
            "select currency, sum(amount_minor) as open_minor from marts.fct_ledger_entries final"
            f" where workspace_id = '{WORKSPACE}' and account_code = '1100'"
            " and effective_at < '2026-11-01' group by currency having open_minor != 0"
        )
    }
    assert ledger
    assert {one.currency: one.total_minor for one in october.ageing} == ledger


def test_failures_are_the_books(october: Findings, company: Company) -> None:
    start, end = (datetime(2026, month, 1, tzinfo=UTC).timestamp() for month in (10, 11))
    truth: dict[str, list[dict]] = {}
    for failed in company.books.failed_payments():
        if start <= failed["first_failed_at"] < end:
            truth.setdefault(failed["currency"].upper(), []).append(failed)
    assert truth
    told = {one.currency: {step: (n, a) for step, n, a in one.steps} for one in october.recovery}

    def counted(chosen: list[dict]) -> tuple[int, int]:
        return len(chosen), sum(one["amount"] for one in chosen)

    assert told == {
        currency: {
            "Failed": counted(all_of),
            "Tried again": counted([one for one in all_of if one["attempts"] > 1]),
            "Recovered": counted([one for one in all_of if one["outcome"] == "recovered"]),
            "Still open": counted([one for one in all_of if one["outcome"] == "open"]),
            "Lost": counted([one for one in all_of if one["outcome"] == "lost"]),
        }
        for currency, all_of in truth.items()
    }


def test_a_month_before_the_company_began_and_another_workspace_are_empty(
    built: Warehouse, october: Findings, company: Company
) -> None:
    early = find(built, TenantId(WORKSPACE), Month(date(2020, 1, 1)), utc_now())
    foreign = find(built, TenantId("ws_nobody"), OCTOBER, utc_now())
    for empty in (early, foreign):
        parts = (
            empty.mrr, empty.cohorts, empty.bridges, empty.cases, empty.ageing,
            empty.recovery,
        )  # fmt: skip
        assert [len(part) for part in parts] == [0] * 6
        assert empty.cash == []
        assert (empty.customers, empty.compared, empty.is_computed) == ((0, 0), Compared(), True)
    assert october.month != SEPTEMBER
    assert "Northwind" in render(october, "Northwind")
