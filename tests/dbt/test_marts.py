"""Do the marts tell the demo company's own books, day by day, however the rows arrived?"""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from core.warehouse import Warehouse
from tests.dbt import late_rows
from tests.dbt.company import NEWEST, WORKSPACE, Company


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


LATE_MRR = (
    "select mrr_minor from marts.int_billing__subscription_mrr final"
    f" where workspace_id = '{late_rows.WORKSPACE}'"
)
LATE_PAYMENT = (
    "select status, customer_id, attempts_made, attempts_failed"
    f" from marts.fct_failed_payments final where workspace_id = '{late_rows.WORKSPACE}'"
)


@dataclass(frozen=True)
class Change:
    """What changed, and what stood there before."""

    subscription: dict[str, Any]
    version_before: int
    late_before: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def change(built: Warehouse, company: Company, land: Any, dbt: Any) -> Change:
    """One more run of the marts, after one subscription ended and what was late has landed."""
    subscription = next(
        json.loads(body)
        for table, rows in company.rows()
        if table == "stripe_subscription"
        for _, _, body in rows
        if json.loads(body)["status"] == "active"
    )
    versions = "select max(version) from marts.fct_mrr_movements where {where}"
    before = marts(built, versions)[0][0]
    late = marts(built, LATE_MRR) + marts(built, LATE_PAYMENT)
    changed = subscription | {"status": "canceled", "ended_at": NEWEST // 1_000_000 + 3600}
    row = (subscription["id"], NEWEST + 7_200_000_000, json.dumps(changed))
    land("stripe_subscription", WORKSPACE, [row])
    for table, rows in late_rows.rows(late_rows.LAST):
        land(table, late_rows.WORKSPACE, rows)
    dbt("run", "--select", "marts")
    return Change(subscription, before, late)


def test_a_change_reaches_only_its_own_rows(built: Warehouse, change: Change) -> None:
    """A subscription that ends late takes its MRR along; nobody else's row is written again."""
    customer = change.subscription["customer"]
    last = marts(
        built,
        "select customer_id, kind, mrr_after_minor, toString(moved_on)"
        " from marts.fct_mrr_movements final where {where}"
        f" and version > {change.version_before} order by moved_on desc limit 1",
    )
    assert last == [(customer, "churn", 0, "2026-11-01")]
    written = marts(
        built,
        "select distinct customer_id from marts.fct_mrr_movements where {where}"
        f" and version > {change.version_before}",
    )
    assert written == [(customer,)]


def test_what_lands_late_corrects_what_was_said_without_it(
    built: Warehouse, change: Change
) -> None:
    assert change.late_before == [(30_000,), ("open", "", 1, 1)]
    assert marts(built, LATE_MRR) == [(24_000,)]
    assert marts(built, LATE_PAYMENT) == [("recovered", "cus_named", 2, 1)]


# What each mart tells, without the time of its computation.
FACTS = {
    "int_billing__subscription_mrr": "subscription_id, changed_on, currency, mrr_minor",
    "fct_mrr_movements": "customer_id, currency, moved_on, kind, mrr_after_minor, delta_minor",
    "fct_failed_payments": "payment_id, customer_id, invoice_id, status, attempts_made,"
    " first_failed_at, recovered_at",
    "dim_customers": "customer_id, status, currency, mrr_minor, lifetime_paid_minor, first_paid_at",
}


def told_by_all(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    return {
        mart: sorted(
            marts(warehouse, f"select {facts} from marts.{mart} final where {{where}}"), key=str
        )
        for mart, facts in FACTS.items()
    }


def test_marts_fill_from_nothing_and_look_a_minute_back_to_the_same(
    built: Warehouse, company: Company, dbt: Any
) -> None:
    """As a stack does it: two marts were made when nothing had landed, and fill in a later run.

    The two above them hold everything, and see all of it again within the default look back.
    """
    before = told_by_all(built)
    assert min(map(len, before.values())) > 10
    versions = "select max(version) as newest from marts.fct_mrr_movements"
    told_at = built.rows(versions)[0]["newest"]
    for mart in ("int_billing__subscription_mrr", "fct_failed_payments"):
        built.command(f"truncate table marts.{mart}")
    dbt("run", "--select", "marts", variables="{}")
    assert told_by_all(built) == before
    assert built.rows(versions)[0]["newest"] > told_at, "movements were computed again"
