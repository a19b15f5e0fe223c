"""Do the marts tell the demo company's own books, day by day, however the rows arrived?"""

import json
from typing import Any

import pytest

from core.warehouse import Warehouse
from tests.dbt.company import NEWEST, Company, make_company

WORKSPACE = "ws_company"


@pytest.fixture(scope="module")
def company(
    built: Warehouse, land: Any, dbt: Any, tmp_path_factory: pytest.TempPathFactory
) -> Company:
    """The company, half of it landed before the marts' full build and half of it after."""
    made = make_company(tmp_path_factory.mktemp("company"))
    later = []
    for table, rows in made.rows():
        land(table, WORKSPACE, rows[::2])
        later.append((table, rows[1::2]))
    dbt("run", "--select", "marts")
    for table, rows in later:
        if rows:
            land(table, WORKSPACE, rows)
    dbt("build", "--select", "marts")  # with the unit tests beside the models
    return made


def marts(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    until = "'2026-11-01'"
    rows = warehouse.rows(sql.format(where=f"workspace_id = '{WORKSPACE}'", until=until))
    return [tuple(row.values()) for row in rows]


def test_mrr_of_every_day_of_eighteen_months_is_the_books(
    built: Warehouse, company: Company
) -> None:
    told = {
        (currency.lower(), day.isoformat()): amount
        for currency, day, amount in marts(
            built,
            "select currency, day, mrr_minor from marts.fct_mrr_daily"
            " where {where} and day < {until}",
        )
    }
    truth = {
        (currency, day): amount
        for currency, days in company.books.mrr().items()
        for day, amount in days.items()
    }
    assert len(truth) > 2000
    assert {key: told.get(key, 0) for key in truth} == truth


def test_every_movement_is_the_books(built: Warehouse, company: Company) -> None:
    told = marts(
        built,
        "select customer_id, toString(moved_on), lower(currency), kind, delta_minor"
        " from marts.fct_mrr_movements final where {where} and moved_on < {until}",
    )
    truth = [
        (m["customer"], m["on"], m["currency"], m["kind"], m["amount"])
        for m in company.books.movements()
    ]
    assert len(truth) > 80
    assert sorted(told) == sorted(truth)


def test_every_failed_payment_is_the_books(built: Warehouse, company: Company) -> None:
    told = marts(
        built,
        "select invoice_id, customer_id, amount_minor, lower(currency), attempts_made,"
        " attempts_failed, toUnixTimestamp(first_failed_at), first_decline_code, status,"
        " toUnixTimestamp(recovered_at) from marts.fct_failed_payments final where {where}",
    )
    truth = [
        (f["invoice"], f["customer"], f["amount"], f["currency"], f["attempts"], f["failures"],
         f["first_failed_at"], f["code"], f["outcome"], f["recovered_at"])
        for f in company.books.failed_payments()
    ]  # fmt: skip
    assert len(truth) > 10
    assert sorted(told) == sorted(truth)


def test_customers_sums_are_their_invoices(built: Warehouse, company: Company) -> None:
    paid = marts(
        built,
        "select customer_id, mrr_minor, lifetime_paid_minor from marts.dim_customers final"
        " where {where} and status != 'deleted'",
    )
    told = {customer: (mrr, lifetime) for customer, mrr, lifetime in paid}
    mrr: dict[str, int] = {}
    for movement in company.books.movements():
        mrr[movement["customer"]] = mrr.get(movement["customer"], 0) + movement["amount"]
    collected: dict[str, int] = {}
    for table, rows in company.rows():
        if table == "stripe_charge":
            for _, _, body in rows:
                charge = json.loads(body)
                if charge["status"] == "succeeded":
                    name = charge["customer"]
                    collected[name] = collected.get(name, 0) + charge["amount_captured"]
    assert told == {name: (mrr.get(name, 0), collected.get(name, 0)) for name in told}
    assert len(told) > 70


def test_a_change_reaches_only_its_own_rows(
    built: Warehouse, company: Company, land: Any, dbt: Any
) -> None:
    """A subscription that ends late takes its MRR along; nobody else's row is written again."""
    subscription = next(
        json.loads(body)
        for table, rows in company.rows()
        if table == "stripe_subscription"
        for _, _, body in rows
        if json.loads(body)["status"] == "active"
    )
    before = marts(built, "select max(version) from marts.fct_mrr_movements where {where}")[0][0]
    changed = subscription | {"status": "canceled", "ended_at": NEWEST // 1_000_000 + 3600}
    land(
        "stripe_subscription",
        WORKSPACE,
        [(subscription["id"], NEWEST + 7_200_000_000, json.dumps(changed))],
    )
    dbt("run", "--select", "marts")
    last = marts(
        built,
        "select customer_id, kind, mrr_after_minor, toString(moved_on)"
        " from marts.fct_mrr_movements final where {where}"
        f" and version > {before} order by moved_on desc limit 1",
    )
    assert last == [(subscription["customer"], "churn", 0, "2026-11-01")]
    written = marts(
        built,
        "select distinct customer_id from marts.fct_mrr_movements where {where}"
        f" and version > {before}",
    )
    assert written == [(subscription["customer"],)]
