"""A warehouse with the tables that facts are read from, and a tenant whose rows tests write."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from ml.tables import prepare_tables
from reconciliation.tables import prepare_tables as prepare_reconciliation
from recovery.flows.conditions import Wanted
from recovery.flows.facts import Facts
from recovery.known.reading import Asking, read_facts
from recovery.known.subjects import Subject
from tests.declared_tables import create_table

BY_ID = "workspace_id, connection_id, id"
TABLES = {
    "unified/customers/customers": BY_ID,
    "unified/invoices/invoices": BY_ID,
    "unified/payments/payments": BY_ID,
    "unified/invoice_lines/invoice_lines": "workspace_id, connection_id, invoice_id, id",
    "unified/subscriptions/subscriptions": BY_ID,
    "unified/subscription_items/subscription_items": BY_ID,
    "unified/prices/prices": BY_ID,
    "unified/products/products": BY_ID,
    "unified/disputes/disputes": BY_ID,
    "unified/transactions/transactions": BY_ID,
    "unified/accounts/accounts": BY_ID,
    "unified/balances/balances":
        "workspace_id, connection_id, account_id, type, currency, reported_on",
    "unified/payment_attempts/payment_attempts":
        "workspace_id, connection_id, customer_id, payment_id, id",
    "unified/accounting_contacts/accounting_contacts": BY_ID,
    "unified/accounting_entries/accounting_entries":
        "workspace_id, connection_id, document_id, entry_number",
    "marts/customers/dim_customers": "workspace_id, connection_id, customer_id",
    "marts/billing/fct_invoices": "workspace_id, connection_id, invoice_id",
    "marts/billing/fct_subscriptions": "workspace_id, connection_id, subscription_id",
    "marts/recovery/fct_recovery_episodes": "workspace_id, connection_id, episode_id",
}  # fmt: skip
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@dataclass
class Books:
    """One tenant's rows in the warehouse, and what is known of its payers."""

    warehouse: Warehouse
    tenant: TenantId

    def holds(self, table: str, *rows: dict[str, Any]) -> None:
        for row in rows:
            whole = {"workspace_id": str(self.tenant), "connection_id": "conn_stripe",
                     "version": 1, "is_deleted": 0, **row}  # fmt: skip
            self.warehouse.insert_rows(table, [list(whole.values())], list(whole))

    def known(self, *subjects: Subject, wanted: list[Wanted]) -> list[Facts]:
        asking = Asking(
            lambda query, values: self.warehouse.tenant_rows(self.tenant, query, values),
            lambda _: True,
        )
        return read_facts(asking, subjects, wanted)

    def tells(self, fact: str, subject: Subject, currency: str | None = None) -> Any:
        """What one fact is for one subject; None where it is not known."""
        wanted = Wanted(fact, currency)
        (found,) = self.known(subject, wanted=[wanted])
        return found.get(wanted.held_as)


@pytest.fixture(scope="session")
def known_warehouse(engines: Settings) -> Iterator[Warehouse]:
    opened = Warehouse.connect(engines)
    for database in ("unified", "marts"):
        opened.command(f"create database if not exists {database}")
    prepare_tables(opened)
    prepare_reconciliation(opened)
    for folder, order_by in TABLES.items():
        create_table(opened, folder, order_by)
    yield opened
    opened.close()


@pytest.fixture
def books(known_warehouse: Warehouse) -> Books:
    return Books(known_warehouse, TenantId(new_id("ws")))


def subject(**changes: Any) -> Subject:
    given = {"connection_id": "conn_stripe", "customer_id": "cus_ada", "moment": NOW,
             "currency": "EUR", **changes}  # fmt: skip
    return Subject(**given)
