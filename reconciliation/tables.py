"""Where do verdicts stand? Three tables of one shape, accounts, transfers, in ClickHouse's marts.

Rows replace each other by `version`; one that is no more is a tombstone (`is_deleted`). dbt knows
the tables as sources (`dbt/models/marts/reconciliation`), with what each column means.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.warehouse import Warehouse

KEY = ("workspace_id", "connection_id", "id", "account_id")
_THINGS = "Array(Tuple(connection_id String, id String))"
COLUMNS: Mapping[str, str] = {
    "workspace_id": "String",
    "connection_id": "String",
    "id": "String",
    "account_id": "String",
    "happened_on": "Date32",
    "currency": "LowCardinality(String)",
    "amount_minor": "Int64",
    "verdict": "LowCardinality(String)",
    "bank_verdict": "LowCardinality(String)",
    "books_verdict": "LowCardinality(String)",
    "is_unmatched": "Bool",
    "reason": "String",
    "confidence": "UInt16",
    "difference_minor": "Int64",
    "payouts": _THINGS,
    "deposits": _THINGS,
    "entries": _THINGS,
    "reconciled_at": "DateTime64(3, 'UTC')",
    "version": "UInt64",
    "is_deleted": "UInt8",
}
ACCOUNT_COLUMNS: Mapping[str, str] = {
    "workspace_id": "String",
    "connection_id": "String",
    "id": "String",
    "name": "Nullable(String)",
    "type": "LowCardinality(Nullable(String))",
    "currency": "LowCardinality(Nullable(String))",
    "institution_name": "Nullable(String)",
    "mask": "Nullable(String)",
    "iban": "Nullable(String)",
    "sources": _THINGS,
    "since_on": "Nullable(Date32)",
    "until_on": "Nullable(Date32)",
    "reconciled_at": "DateTime64(3, 'UTC')",
    "version": "UInt64",
    "is_deleted": "UInt8",
}
# Which bank account each account of a connection is, and where its ledger begins. Apart from the
# accounts because it hardly ever changes: what is posted by it is looked at anew when it does.
SOURCE_COLUMNS: Mapping[str, str] = {
    "workspace_id": "String",
    "connection_id": "String",
    "id": "String",
    "bank_connection_id": "String",
    "bank_account_id": "String",
    "type": "LowCardinality(String)",
    "currency": "LowCardinality(String)",
    "is_primary": "Bool",
    "opening_on": "Nullable(Date32)",
    "opening_minor": "Int64",
    "opening_source_table": "String",
    "opening_source_id": "String",
    "opening_source_version": "UInt64",
    "reconciled_at": "DateTime64(3, 'UTC')",
    "version": "UInt64",
    "is_deleted": "UInt8",
}
SECONDARY_COLUMNS: Mapping[str, str] = {
    "workspace_id": "String",
    "connection_id": "String",
    "id": "String",
    "reconciled_at": "DateTime64(3, 'UTC')",
    "version": "UInt64",
    "is_deleted": "UInt8",
}
TRANSFER_COLUMNS: Mapping[str, str] = {
    "workspace_id": "String",
    "connection_id": "String",
    "id": "String",
    "kind": "LowCardinality(String)",
    "other_connection_id": "String",
    "other_id": "String",
    "confidence": "UInt16",
    "reason": "String",
    "reconciled_at": "DateTime64(3, 'UTC')",
    "version": "UInt64",
    "is_deleted": "UInt8",
}
# A workspace's own chart of accounts, mirrored from Postgres: names, and which kinds go where.
CHART_COLUMNS: Mapping[str, str] = {
    "workspace_id": "String",
    "id": "String",
    "number": "String",
    "name": "String",
    "type": "LowCardinality(String)",
    "description": "String",
    "reconciled_at": "DateTime64(3, 'UTC')",
    "version": "UInt64",
    "is_deleted": "UInt8",
}
POSTING_COLUMNS: Mapping[str, str] = {
    "workspace_id": "String",
    "id": "String",
    "account_code": "String",
    "reconciled_at": "DateTime64(3, 'UTC')",
    "version": "UInt64",
    "is_deleted": "UInt8",
}
RUN_COLUMNS: Mapping[str, str] = {
    "workspace_id": "String",
    "inputs_version": "String",
    "payouts": "UInt64",
    "unmatched_payouts": "UInt64",
    "changed_rows": "UInt64",
    "reconciled_at": "DateTime64(3, 'UTC')",
}
BANK_ACCOUNTS, RUNS = "dim_bank_accounts", "reconciliation_runs"
ACCOUNT_SOURCES, SECONDARY_LINES = "dim_bank_account_sources", "fct_secondary_bank_lines"
OWN_TRANSFERS = "fct_own_transfers"
CHARTS = ("workspace_ledger_accounts", "workspace_ledger_postings")
OF_KIND = {
    "payout": "fct_payout_reconciliation",
    "deposit": "fct_deposit_reconciliation",
    "entry": "fct_entry_reconciliation",
}
TABLES: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(OF_KIND.values(), COLUMNS),
    BANK_ACCOUNTS: ACCOUNT_COLUMNS,
    ACCOUNT_SOURCES: SOURCE_COLUMNS,
    SECONDARY_LINES: SECONDARY_COLUMNS,
    OWN_TRANSFERS: TRANSFER_COLUMNS,
    CHARTS[0]: CHART_COLUMNS,
    CHARTS[1]: POSTING_COLUMNS,
}


def prepare_tables(warehouse: Warehouse, *, cluster: str = "") -> None:
    """Create what is missing; with `cluster`, on all its nodes, replicated."""
    suffix = f" on cluster '{cluster}'" if cluster else ""
    engine = "ReplicatedReplacingMergeTree" if cluster else "ReplacingMergeTree"
    warehouse.command(f"create database if not exists marts{suffix}")
    for name, columns in TABLES.items():
        order = ", ".join(column for column in KEY if column in columns)
        _create(warehouse, name + suffix, columns, f"{engine}(version, is_deleted)", order)
    _create(warehouse, RUNS + suffix, RUN_COLUMNS, f"{engine}(reconciled_at)", "workspace_id")


def _create(
    warehouse: Warehouse, name: str, columns: Mapping[str, str], engine: str, order: str
) -> None:
    shape = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    warehouse.command(
        f"create table if not exists marts.{name} ({shape}) engine = {engine} order by ({order})"
    )
