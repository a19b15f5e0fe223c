"""Is what a meter counted told as it was billed, and taken back with its invoice?"""

import json
from collections import Counter
from datetime import UTC
from typing import Any

import pytest

from core.warehouse import Warehouse
from tests.dbt import metered
from tests.dbt.ledger_facts import SEEN, USED
from tests.dbt.ledger_facts import WORKSPACE as HAND


def usage(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    rows = warehouse.rows(
        "select meter_id, customer_id, toString(toDate(used_at)), toString(toDate(used_until)),"
        " toString(quantity), events, billed_minor, currency, invoice_line_id"
        " from marts.fct_usage final where workspace_id = {workspace:String}",
        {"workspace": HAND},
    )
    return [tuple(row.values()) for row in rows]


@pytest.mark.usefixtures("company")
def test_usage_is_the_metered_line_of_an_invoice_until_it_is_voided(
    built: Warehouse, land: Any, dbt: Any
) -> None:
    assert usage(built) == [
        ("mtr_h", "cus_h", "2025-12-01", "2026-01-01", "1250", None, 500, "EUR", "il_in_used")
    ]
    land("stripe_invoice", HAND, [("in_used", SEEN + 1, json.dumps(USED | {"status": "void"}))])
    dbt("run", "--select", "fct_usage", "fct_revenue_lines")
    assert usage(built) == []


def seconds(moment: Any) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())


@pytest.mark.usefixtures("company")
def test_what_meters_counted_is_what_the_company_knows_it_billed(
    built: Warehouse, metered_company: Any
) -> None:
    issued = [one for one in metered_company[0].usage() if one["status"] == "issued"]
    known = {
        one["line"]: (
            one["meter"], one["customer"], one["subscription"], one["started"], one["ended"],
            one["quantity"], one["amount"], one["currency"].upper(),
        )
        for one in issued
    }  # fmt: skip
    told = built.rows(
        "select invoice_line_id, meter_id, customer_id, subscription_id, used_at, used_until,"
        " quantity, billed_minor, currency from marts.fct_usage final"
        " where workspace_id = {workspace:String}",
        {"workspace": metered.WORKSPACE},
    )
    assert {
        row["invoice_line_id"]: (
            row["meter_id"], row["customer_id"], row["subscription_id"], seconds(row["used_at"]),
            seconds(row["used_until"]), row["quantity"], row["billed_minor"], row["currency"],
        )
        for row in told
    } == known  # fmt: skip
    assert len(told) == len(known) == 40
    # Between MRR and cash, use is a step of its own.
    step = built.rows(
        "select currency, sum(amount_minor) as minor from marts.fct_cash_bridge"
        " where workspace_id = {workspace:String} and step = 'usage' group by currency",
        {"workspace": metered.WORKSPACE},
    )
    sums: Counter[str] = Counter()
    for one in issued:
        sums[one["currency"].upper()] += one["amount"]
    assert {row["currency"]: row["minor"] for row in step} == sums


@pytest.mark.usefixtures("company")
def test_what_is_used_is_no_recurring_revenue(built: Warehouse, metered_company: Any) -> None:
    known = {
        (currency.upper(), day): minor
        for currency, days in metered_company[0].mrr().items()
        for day, minor in days.items()
        if minor
    }
    rows = built.rows(
        "select currency, toString(day) as on, mrr_minor from marts.fct_mrr_daily"
        " where workspace_id = {workspace:String} and mrr_minor != 0 and day < '2026-11-01'",
        {"workspace": metered.WORKSPACE},
    )
    assert {(row["currency"], row["on"]): row["mrr_minor"] for row in rows} == known


@pytest.mark.usefixtures("company")
def test_billing_credits_lower_what_use_is_charged_and_every_account_ties(
    built: Warehouse,
) -> None:
    workspace = {"workspace": metered.CREDITED}
    (used,) = built.rows(
        "select quantity, billed_minor from marts.fct_usage final"
        " where workspace_id = {workspace:String}",
        workspace,
    )
    assert (used["quantity"], used["billed_minor"]) == (2000, 220)
    accounts = built.rows(
        "select account_code, sum(amount_minor) as minor from marts.fct_ledger_entries final"
        " where workspace_id = {workspace:String} group by account_code having minor != 0",
        workspace,
    )
    # Receivable, settlement and deferred revenue come to nothing.
    assert {row["account_code"]: row["minor"] for row in accounts} == {
        "1010": 234, "5010": 30, "2300": -44, "4000": -220,
    }  # fmt: skip
