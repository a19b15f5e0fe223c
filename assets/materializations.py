"""How is a landing told to Dagster? The metadata of each materialisation, and the run's figures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster import MetadataValue, OpExecutionContext

from assets.landings import Landing, failure_reason, run_tags, summary
from assets.stored import previews, table_sizes
from core.clock import utc_now
from core.connections import ConnectionStore
from core.warehouse import Warehouse
from pipelines.connection_states import mirror_states
from pipelines.raw import RawTable
from pipelines.reports import IngestReport


@dataclass(frozen=True, slots=True)
class Materialized:
    """A landing with what Dagster shows of it."""

    landing: Landing
    metadata: Mapping[str, Any]


def describe(
    warehouse: Warehouse, provider: str, landed: Sequence[Landing], seconds: float
) -> list[Materialized]:
    """Return each landing with its metadata: rows, the table's size, speed, a preview."""
    tables = {landing.object: RawTable(provider, landing.object) for landing in landed}
    sizes = table_sizes(warehouse, list(tables.values()))
    shown = previews(warehouse, provider, landed)
    run_rows = sum(landing.rows for landing in landed)
    described = []
    for landing in landed:
        table = tables[landing.object]
        metadata: dict[str, Any] = {
            "dagster/partition_row_count": MetadataValue.int(landing.rows),
            "dagster/table_name": MetadataValue.text(table.name),
            "run_seconds": MetadataValue.float(round(seconds, 3)),
            "run_rows_per_second": MetadataValue.int(round(run_rows / seconds) if seconds else 0),
        }
        if size := sizes.get(table.table):
            metadata["table_stored_rows"] = MetadataValue.int(size.rows)
            metadata["table_stored_bytes"] = MetadataValue.int(size.bytes)
        if preview := shown.get((landing.object, landing.connection.key)):
            metadata["preview"] = MetadataValue.md(preview)
        described.append(Materialized(landing, metadata))
    return described


def tell(
    context: OpExecutionContext,
    store: ConnectionStore,
    warehouse: Warehouse,
    report: IngestReport,
    seconds: float,
) -> None:
    """Record each connection's state in Postgres and beside its rows, the run's in Dagster."""
    now = utc_now()
    skipped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for outcome in report.outcomes:
        reason = "" if outcome.complete and not outcome.reason else failure_reason(outcome)
        store.record_status(
            outcome.connection,
            outcome.status,
            reason,
            synced_at=now if outcome.complete and outcome.was_read else None,
        )
        if not outcome.complete:
            context.log.error(f"{outcome.connection.key}: {reason}")
        for name, why in outcome.skipped.items():
            skipped[name, why].append(outcome.connection.key)
    # A line for each would be two transactions of Dagster's for each connection and object.
    for (name, why), keys in sorted(skipped.items()):
        context.log.info(f"{name} skipped: {why} ({', '.join(keys)})")
    mirror_states(store.database, warehouse, now)
    context.log.info(summary(report))
    context.instance.add_run_tags(context.run_id, dict(run_tags(report, seconds)))
