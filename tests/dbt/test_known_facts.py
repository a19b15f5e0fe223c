"""Do the facts that flows compare hold over what dbt builds, views included, and of one tenant?"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.tenancy import TenantId
from core.warehouse import Warehouse
from ml.tables import prepare_tables
from recovery.flows.conditions import Wanted
from recovery.flows.facts import Facts
from recovery.known.catalogue import CATALOGUE
from recovery.known.columns import columns
from recovery.known.lists import lists
from recovery.known.reading import Asking, read_facts
from recovery.known.subjects import Subject
from sandbox.company.synthetic import company_of
from sandbox.quickbooks.objects import Objects as QuickBooksObjects
from sandbox.world import World
from tests.dbt.company import BANKED_UNTIL, WORKSPACE, Company
from tests.dbt.test_accounting import AT, QUICKBOOKS

BOOKS = "ws_known_books"

# When everything of the company has come, its banks' last reports among it.
MOMENT = datetime.combine(BANKED_UNTIL, datetime.min.time(), UTC) + timedelta(days=2)
EVERY = [Wanted(name, "USD" if fact.kind.type == "money" else None)
         for name, fact in CATALOGUE.items()]  # fmt: skip


@pytest.fixture(scope="module")
def subjects(built: Warehouse, company: Company) -> list[Subject]:
    """A debt of every customer that has one: its newest invoice, and what belongs to it."""
    prepare_tables(built)
    rows = built.rows(
        "select connection_id, customer_id, id, ifNull(subscription_id, '') as subscription_id,"
        " ifNull(payment_id, '') as payment_id from unified.invoices final"
        " where workspace_id = {ws:String} and customer_id in ("
        "  select id from unified.customers final where workspace_id = {ws:String})"
        " order by customer_id, created_at desc"
        " limit 1 by customer_id",
        {"ws": WORKSPACE},
    )
    return [
        Subject(row["connection_id"], row["customer_id"], MOMENT, "USD", invoice_id=row["id"],
                subscription_id=row["subscription_id"], payment_id=row["payment_id"])
        for row in rows
    ]  # fmt: skip


def read(warehouse: Warehouse, tenant: str, subjects: Any, wanted: Any) -> list[Facts]:
    def rows(query: Any, values: Any) -> list[dict[str, Any]]:
        return warehouse.tenant_rows(TenantId(tenant), query, values)

    return read_facts(Asking(rows, lambda _: True), subjects, wanted)


def test_what_is_told_of_each_customer_is_what_the_marts_say(
    built: Warehouse, subjects: list[Subject]
) -> None:
    """Two readings: the catalogue's own statement over objects, and the mart of customers."""
    assert len(subjects) > 40
    dims = {
        row["customer_id"]: row
        for row in built.rows(
            "select * from marts.dim_customers final where workspace_id = {ws:String}",
            {"ws": WORKSPACE},
        )
    }
    found = read(built, WORKSPACE, subjects, EVERY)
    compared = 0
    for subject, facts in zip(subjects, found, strict=True):
        mart = dims[subject.customer_id]
        assert facts.get("payer.status") == mart["status"]
        if mart["currency"] == "USD" and not mart["has_other_currencies"]:
            compared += 1
            assert facts["payer.lifetime_paid:USD"] == mart["lifetime_paid_minor"]
            assert facts["payer.mrr:USD"] == mart["mrr_minor"]
    assert compared > 10


def test_plan_and_open_debt_are_the_marts(built: Warehouse, subjects: list[Subject]) -> None:
    owed = {
        row["customer_id"]: row["owed"]
        for row in built.rows(
            "select customer_id, sum(open_minor) as owed from marts.fct_invoices final"
            " where workspace_id = {ws:String} and currency = 'USD' group by customer_id",
            {"ws": WORKSPACE},
        )
    }
    wanted = [Wanted("payer.open_amount", "USD"), Wanted("subscription.plan"),
              Wanted("marts.fct_subscriptions.plan")]  # fmt: skip
    found = read(built, WORKSPACE, subjects, wanted)
    for subject, facts in zip(subjects, found, strict=True):
        assert facts["payer.open_amount:USD"] == owed.get(subject.customer_id, 0)
    plans = [facts for facts in found if "subscription.plan" in facts]
    assert len(plans) > 20
    same = [one["subscription.plan"] == one["marts.fct_subscriptions.plan"] for one in plans]
    assert sum(same) > 0.9 * len(same)  # the mart's is what was billed last, of several the dearest


def test_the_workspace_s_banks_hold_what_they_reported(
    built: Warehouse, subjects: list[Subject]
) -> None:
    (one, *_) = subjects
    wanted = [Wanted("bank.balance", "USD"), Wanted("bank.balance", "EUR")]
    (facts,) = read(built, WORKSPACE, [one], wanted)
    reported = {
        row["currency"]: row["held"]
        for row in built.rows(
            "select currency, sum(reported_minor) as held from marts.fct_bank_balances"
            " where workspace_id = {ws:String} and account_type = 'depository' group by currency",
            {"ws": WORKSPACE},
        )
    }
    assert facts == {f"bank.balance:{code}": reported[code] for code in ("USD", "EUR")}


def test_every_column_of_every_contract_is_read_from_what_dbt_built(
    built: Warehouse, subjects: list[Subject]
) -> None:
    found = read(built, WORKSPACE, subjects, [Wanted(name) for name in columns()])
    told = {name for facts in found for name in facts}
    assert {"unified.customers.email", "unified.prices.interval", "marts.dim_customers.status",
            "unified.invoices.period_ends_at", "unified.products.name"} <= told  # fmt: skip


def test_every_list_is_read_from_what_dbt_built(built: Warehouse, subjects: list[Subject]) -> None:
    wanted = [
        Wanted(name, "USD" if fact.kind.type == "money" else None) for name, fact in lists().items()
    ]
    found = read(built, WORKSPACE, subjects, wanted)
    billed = {
        row["invoice_id"]: (row["lines"], row["amount_minor"])
        for row in built.rows(
            "select invoice_id, count() as lines, sum(if(currency = 'USD', ifNull(amount_minor, 0),"
            " 0)) as amount_minor from unified.invoice_lines final"
            " where workspace_id = {ws:String} group by invoice_id",
            {"ws": WORKSPACE},
        )
    }
    for subject, facts in zip(subjects, found, strict=True):
        assert billed[subject.invoice_id] == (
            facts["unified.invoice_lines.count"],
            facts["unified.invoice_lines.sum_amount_minor:USD"],
        )
    told = {name for facts in found for name in facts}
    assert {"unified.invoice_lines.any_price_id", "unified.subscription_items.any_product_id",
            "unified.invoices.sum_amount_due_minor:USD", "unified.payment_attempts.any_status",
            } <= told  # fmt: skip


def test_nobody_else_is_told_anything(built: Warehouse, subjects: list[Subject]) -> None:
    """Through tables, marts and views alike: the same debts, asked by another workspace."""
    wanted = [
        *(one for one in EVERY if one.fact in (
            "payer.lifetime_paid", "payer.status", "subscription.plan", "books.open_receivable",
            "bank.balance", "bank.deposits", "enrichment.category")),
        Wanted("unified.customers.email"), Wanted("marts.fct_invoices.status"),
    ]  # fmt: skip
    assert len(wanted) == 9
    assert read(built, "ws_somebody_else", subjects[:5], wanted) == [{}] * 5
    assert all(read(built, WORKSPACE, subjects[:5], wanted))


def test_what_a_customer_owes_in_the_books_is_their_own_entries(
    built: Warehouse, land: Any
) -> None:
    """Of books of their own, through the views: each customer's receivable, summed apart."""
    spec = company_of(7, 30, date(2026, 11, 20))
    world = World(spec, lambda: ())
    shown = QuickBooksObjects(world.accounting, world.spec.start_at)
    for entity, name in QUICKBOOKS.items():
        rows = [(row.id, 1, row.body.decode()) for row in shown.rows(entity, AT)]
        if rows:
            land(f"quickbooks_{name}", BOOKS, rows)
    contacts = built.rows(
        "select id, name, email from unified.accounting_contacts final"
        " where workspace_id = {ws:String} and is_customer order by id",
        {"ws": BOOKS},
    )
    columns_of = ["workspace_id", "connection_id", "id", "name", "email", "version", "is_deleted"]
    customers = [
        [BOOKS, "conn_stripe", f"cus_{one['id']}", one["name"], one["email"], 1, 0]
        for one in contacts
    ]
    built.insert_rows("unified.customers", customers, columns_of)
    owed = {
        (row["contact_id"], row["currency"]): row["owed"]
        for row in built.rows(
            "select contact_id, currency, sum(amount_minor) as owed from unified.accounting_entries"
            " where workspace_id = {ws:String} and account_role = 'accounts_receivable'"
            " and issued_on <= {on:Date} group by contact_id, currency",
            {"ws": BOOKS, "on": MOMENT.date()},
        )
    }
    assert contacts
    assert owed
    subjects = [Subject("conn_stripe", f"cus_{one['id']}", MOMENT, "USD") for one in contacts]
    for code in sorted({currency for _, currency in owed}):
        wanted = [Wanted("books.open_receivable", code), Wanted("books.is_known")]
        found = read(built, BOOKS, subjects, wanted)
        assert found == [
            {
                f"books.open_receivable:{code}": owed.get((one["id"], code), 0),
                "books.is_known": True,
            }
            for one in contacts
        ]
    assert read(built, "ws_somebody_else", subjects, wanted) == [{} for _ in contacts]
