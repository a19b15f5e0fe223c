"""What does it cost to know of ten thousand debts what the books say? As a simulation asks it.

10,000 customers, each with 24 documents in the books; every fact of the group `books`, as of each
debt's own moment, over the views that dbt builds. Seconds of processor of ClickHouse and of ours:
by the wall another program may have taken them.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil

from benchmarks.memory import descendants_named, seconds_of_cpu
from benchmarks.report import report
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse
from oppulence.migrate import build_models, prepare_databases
from recovery.flows.conditions import Wanted
from recovery.known.catalogue import CATALOGUE
from recovery.known.reading import Asking, read_facts
from recovery.known.subjects import Subject

CUSTOMERS, DOCUMENTS = 10_000, 24
LIMIT_SECONDS = 10.0
TENANT = TenantId("ws_facts")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
_CUSTOMERS = f"""
insert into unified.customers (workspace_id, connection_id, id, provider, name, email, version)
select '{TENANT}', 'conn_s', concat('cus_', toString(number)), 'stripe',
    concat('Customer ', toString(number)), concat('c', toString(number), '@example.com'), 1
from numbers({CUSTOMERS})
"""
_CONTACTS = f"""
insert into unified.accounting_contacts
    (workspace_id, connection_id, id, provider, name, email, is_customer, version)
select '{TENANT}', 'conn_b', concat('customer/', toString(number)), 'quickbooks',
    concat('Customer ', toString(number)), concat('c', toString(number), '@example.com'), true, 1
from numbers({CUSTOMERS})
"""
# An invoice of 49.00 each month, every second of them paid.
_BOOKED = f"""
insert into unified.accounting_documents
    (workspace_id, connection_id, id, provider, type, status, contact_id, currency, issued_on,
     due_on, total, entries, version)
select '{TENANT}', 'conn_b', concat('document/', toString(number)), 'quickbooks', 'invoice',
    'posted', concat('customer/', toString(number % {CUSTOMERS})), 'EUR',
    toDate32('2024-11-01') + (number div {CUSTOMERS}) * 30 as issued, issued + 14, '49.00',
    [('1', null, 'accounts_receivable', toInt8(if((number div {CUSTOMERS}) % 4 = 1, -1, 1)),
        '49.00', null, null),
     ('2', null, 'line', toInt8(if((number div {CUSTOMERS}) % 4 = 1, 1, -1)), '49.00', null, null)],
    1
from numbers({CUSTOMERS * DOCUMENTS})
"""


def measure(settings: Settings) -> None:
    """Fill the books, and ask every fact of them about every customer."""
    prepare_databases(settings, say=lambda _: None)
    build_models(settings, with_marts=False)
    warehouse = Warehouse.connect(settings, pool_size=1)
    try:
        for statement in (_CUSTOMERS, _CONTACTS, _BOOKED):
            warehouse.command(statement)
        engine = [psutil.Process(one) for one in descendants_named(os.getpid(), "local.clickhouse")]
        us = [psutil.Process()]
        before = seconds_of_cpu(engine), seconds_of_cpu(us)
        _ask(warehouse)
        of_engine, of_us = seconds_of_cpu(engine) - before[0], seconds_of_cpu(us) - before[1]
    finally:
        warehouse.close()
    seconds = of_engine + of_us
    report(
        "recovery.facts_of_the_books", seconds, "s of CPU",
        peer=f"{CUSTOMERS:,} debts, {CUSTOMERS * DOCUMENTS:,} documents, ClickHouse {of_engine:.1f}"
        f" s, limit {LIMIT_SECONDS:.0f} s", ratio=None, goal=f"< {LIMIT_SECONDS:.0f}",
        met=seconds < LIMIT_SECONDS,
    )  # fmt: skip


def _ask(warehouse: Warehouse) -> None:
    def rows(query: TenantQuery, values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        return warehouse.tenant_rows(TENANT, query, values)

    subjects = [
        Subject("conn_s", f"cus_{number}", NOW - timedelta(minutes=number), "EUR")
        for number in range(CUSTOMERS)
    ]
    wanted = [
        Wanted(name, "EUR" if fact.kind.type == "money" else None)
        for name, fact in CATALOGUE.items()
        if name.startswith("books.")
    ]
    found = read_facts(Asking(rows, lambda _: True), subjects, wanted)
    # 18 of 24 are billed and 6 of them paid.
    expected = {"books.billed:EUR": 18 * 4900, "books.open_receivable:EUR": 12 * 4900}
    assert all(expected.items() <= one.items() for one in found), found[0]
