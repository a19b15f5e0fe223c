"""Where do findings stand? `unified.enrichments`, one row per transaction and facet, and its runs.

Rows replace each other by `version`; a finding that is no more is a tombstone (`is_deleted`).
"""

from __future__ import annotations

from collections.abc import Mapping

from core.warehouse import Warehouse

ENRICHMENTS, RUNS = "unified.enrichments", "unified.enrichment_runs"
LEVELS = "unified.enrichment_levels"
COLUMNS: Mapping[str, str] = {
    "workspace_id": "String",
    "connection_id": "String",
    "transaction_id": "String",
    "facet": "LowCardinality(String)",
    "value": "Nullable(String)",
    "confidence": "Float64",
    "evidence": "String",
    "model_version": "LowCardinality(String)",
    "abstained": "Bool",
    # What makes rows alike (`ml.corrections`); empty where no merchant can be read.
    "like_key": "String",
    "occurred_on": "Nullable(Date32)",
    # The transaction's state that was scored, and when.
    "source_version": "UInt64",
    "enriched_at": "DateTime64(3, 'UTC')",
    "version": "UInt64",
    "is_deleted": "UInt8",
}
# How far each facet has scored a workspace, and with what.
RUN_COLUMNS: Mapping[str, str] = {
    "workspace_id": "String",
    "facet": "LowCardinality(String)",
    "inputs_version": "String",
    "scored_to": "DateTime64(3, 'UTC')",
    "scored_rows": "UInt64",
    "changed_rows": "UInt64",
    "enriched_at": "DateTime64(3, 'UTC')",
}
# What was usual and what was rare when payments were judged by it (`ml.anomaly.levels`).
LEVEL_COLUMNS: Mapping[str, str] = {
    "workspace_id": "String",
    "connection_id": "String",
    "account_id": "String",
    "currency": "LowCardinality(String)",
    "month": "Date",
    "usual_minor": "Nullable(Int64)",
    "rare_minor": "Nullable(Int64)",
    "version": "UInt64",
}


def prepare_tables(warehouse: Warehouse, *, cluster: str = "") -> None:
    """Create what is missing; with `cluster`, on all its nodes, replicated."""
    suffix = f" on cluster '{cluster}'" if cluster else ""
    engine = "ReplicatedReplacingMergeTree" if cluster else "ReplacingMergeTree"
    warehouse.command(f"create database if not exists unified{suffix}")
    for name, columns, replacing, order in (
        (ENRICHMENTS, COLUMNS, "version, is_deleted",
         "workspace_id, connection_id, transaction_id, facet"),
        (RUNS, RUN_COLUMNS, "enriched_at", "workspace_id, facet"),
        (LEVELS, LEVEL_COLUMNS, "version",
         "workspace_id, connection_id, account_id, currency, month"),
    ):  # fmt: skip
        shape = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        warehouse.command(
            f"create table if not exists {name}{suffix} ({shape})"
            f" engine = {engine}({replacing}) order by ({order})"
        )
