"""Does what the provider has no more leave the marts? Rows are withdrawn, journals reversed."""

from typing import Any

from core.warehouse import Warehouse
from tests.dbt.buried_rows import WORKSPACE
from tests.dbt.company import Company

# What was computed of them before: each mart held something.
MARTS = {
    "fct_invoices", "fct_settlements", "fct_revenue_lines", "fct_subscriptions",
    "fct_failed_payments", "fct_recovery_attempts", "fct_recovery_episodes",
    "int_billing__activations", "int_billing__subscription_mrr", "fct_mrr_movements",
    "int_reconciliation__payout_lines",
}  # fmt: skip
JOURNALS = {"balance", "invoice", "payment", "revenue"}


def counted(warehouse: Warehouse, sql: str) -> dict[str, Any]:
    rows = warehouse.rows(sql, {"workspace": WORKSPACE})
    return {row["name"]: row["found"] for row in rows}


def test_marts_hold_nothing_of_what_is_no_more(built: Warehouse, company: Company) -> None:
    each = " union all ".join(
        f"select '{mart}' as name, count() as found from marts.{mart} {{final}}"
        " where workspace_id = {{workspace:String}}"
        for mart in sorted(MARTS)
    )
    written = counted(built, each.format(final=""))
    assert {mart for mart, rows in written.items() if rows} == MARTS
    assert counted(built, each.format(final="final")) == dict.fromkeys(MARTS, 0)


def test_the_ledger_has_reversed_what_it_wrote_of_it(built: Warehouse, company: Company) -> None:
    entries = "from marts.fct_ledger_entries final where workspace_id = {workspace:String}"
    written = counted(
        built, f"select journal_type as name, count() as found {entries} group by name"
    )
    assert {"invoice", "charge", "refund", "revenue", "stripe_charge"} <= set(written)
    left = counted(
        built,
        "select concat(account_code, ' of ', journal_id) as name, sum(amount_minor) as found"
        f" {entries} group by name having found != 0",
    )
    assert left == {}
    standing = " union all ".join(
        f"select '{kind}' as name, countIf(notEmpty(entries)) as found"
        f" from marts.int_ledger__{kind}_journals final where workspace_id = {{workspace:String}}"
        for kind in sorted(JOURNALS)
    )
    assert counted(built, standing) == dict.fromkeys(JOURNALS, 0)
