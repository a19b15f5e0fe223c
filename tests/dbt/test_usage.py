"""Is what a meter counted told as it was billed, and taken back with its invoice?"""

import json
from typing import Any

import pytest

from core.warehouse import Warehouse
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
