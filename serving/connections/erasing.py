"""What removes the rows of deleted connections, where that was asked? This loop, in the worker.

A run that had begun before the deletion may still land rows, so a connection is erased at once and
again until nothing has come for a while: only then is it called erased.
"""

import threading
from datetime import datetime, timedelta
from functools import partial

from core.clock import utc_now
from core.database import Database
from core.erasure import erase_connection
from core.errors import EngineUnavailableError
from core.logs import get_logger
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import Warehouse, WarehouseQueryError
from serving.audit_log.entries import record_by_system

LOOK_SECONDS = 5.0
LOOK_SECONDS_WHILE_AWAY = 30.0
# Longer than a chunk of a run takes to land after its connection was deleted.
QUIET = timedelta(minutes=10)
_LOG = get_logger("erasing")

_DUE = """
select workspace_id, id, erase_requested_at, rows_erased_at from connections
where status = 'revoked' and erase_requested_at is not null and erased_at is null
  and (rows_erased_at is null or rows_erased_at < %(again_at)s)
order by erase_requested_at limit 100
"""
_NOTED = (
    "update connections set rows_erased_at = %(now)s, erased_at = %(ended_at)s where id = %(id)s"
)
# What stands of a connection beside the warehouse: sync engine, recovery, what users said of it,
# and what is told of it to others (its deliveries go with an event).
_HOLDING = (
    "inbox", "latest_objects", "event_tasks", "shadow_objects", "parked_deliveries",
    "recovery_signals", "recovery_episodes", "recovery_attempts", "recovery_assignments",
    "enrichment_feedback", "outbound_events",
)  # fmt: skip
_AGAIN = timedelta(minutes=1)


def run_erasing(settings: Settings, stop_event: threading.Event) -> None:
    """Look until `stop_event` is set."""
    system = Database.connect(settings, role="system", size=1)
    application = Database.connect(settings, size=1)
    pause = 0.0
    try:
        while not stop_event.wait(pause):
            try:
                erase_due(settings, system, application, now=utc_now())
                pause = LOOK_SECONDS
            except (EngineUnavailableError, WarehouseQueryError) as error:
                _LOG.warning("erasing_waits", reason=error.detail)
                pause = LOOK_SECONDS_WHILE_AWAY
    finally:
        system.close()
        application.close()


def erase_from_postgres(system: Database, tenant: TenantId, connection_id: str) -> dict[str, int]:
    """Remove a connection's events and objects; return how many rows, by table that had any."""
    removed = {}
    with system.system() as rows:
        for table in _HOLDING:
            found = rows.execute(
                f"delete from {table} where workspace_id = %s and connection_id = %s",
                [str(tenant), connection_id],
            )
            removed[table] = found.rowcount
    return {table: number for table, number in removed.items() if number}


def erase_due(
    settings: Settings, system: Database, application: Database, *, now: datetime
) -> None:
    """Erase whatever is due.

    Raises:
        EngineUnavailableError: Postgres or ClickHouse does not answer.
    """
    with system.system() as rows:
        due = rows.execute(_DUE, {"again_at": now - _AGAIN}).fetchall()
    if not due:
        return
    warehouse = Warehouse.connect(settings, pool_size=1)
    try:
        for row in due:
            tenant = TenantId(row["workspace_id"])
            try:
                erased = erase_connection(warehouse, tenant, row["id"])
            except WarehouseQueryError as error:  # of one: the others need not wait for it
                _LOG.warning("erasing_failed", connection_id=row["id"], reason=error.detail)
                continue
            erased |= erase_from_postgres(system, tenant, row["id"])
            is_over = not erased and now - row["erase_requested_at"] >= QUIET
            transaction = partial(application.tenant, tenant)
            with transaction() as own:
                own.execute(
                    _NOTED, {"id": row["id"], "now": now, "ended_at": now if is_over else None}
                )
                if is_over:
                    record_by_system(own, tenant, "connection.erased", row["id"], by="worker")
            _LOG.info("erased", connection_id=row["id"], rows=sum(erased.values()), is_over=is_over)
    finally:
        warehouse.close()
