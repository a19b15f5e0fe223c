"""How does a request become a run? Kept first, then handed to Dagster.

A connection has one open sync: a second request joins it. When Dagster is down the sync stays
queued, and whoever asks for it next, or syncs again, hands it over: nothing is lost, and nothing
runs twice.
"""

from typing import Any

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, EngineUnavailableError, NotFoundError
from core.logs import get_logger
from core.tenancy import new_id
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.pagination import Collection
from serving.syncs import queries
from serving.syncs.dagster import Dagster
from serving.syncs.schemas import Sync

_LOG = get_logger("serving")
Row = dict[str, Any]


def request_syncs(
    scope: TenantScope, rows: Rows, dagster: Dagster, connection_id: str | None
) -> Collection[Sync]:
    """Sync one connection, or every one that can be asked.

    Raises:
        NotFoundError: The workspace has no such connection.
        ConflictError: It cannot be asked: deleted, or its credentials are no longer taken.
    """
    found = rows.execute(queries.CONNECTIONS, {"connection_id": connection_id}).fetchall()
    askable = [row for row in found if row["status"] in ("active", "degraded")]
    if connection_id is not None and not found:
        raise NotFoundError(
            f"There is no connection {connection_id}.",
            next_step="GET /v1/connections lists those there are.",
        )
    if not askable:
        raise ConflictError(
            "There is no connection that can be asked.",
            next_step="Connect an account, or reconnect one whose credentials no longer work.",
        )
    return Collection(
        data=[_shape(_requested(scope, rows, dagster, connection)) for connection in askable]
    )


def find_sync(scope: TenantScope, rows: Rows, dagster: Dagster, sync_id: str) -> Sync:
    """Return a sync as it stands now.

    Raises:
        NotFoundError: The workspace has no such sync.
    """
    row = rows.execute(queries.ONE, [sync_id]).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no sync {sync_id}.", next_step="POST /v1/transactions.sync starts one."
        )
    return _shape(_moved_on(scope, rows, dagster, row))


def sync_config(provider: str, connection_key: str) -> Row:
    """Return the config of `<provider>_sync` for one connection."""
    step = f"{provider}_sync_changes"
    return {"ops": {step: {"config": {"connections": [connection_key]}}}}


def _requested(scope: TenantScope, rows: Rows, dagster: Dagster, connection: Row) -> Row:
    """Join the connection's open sync, or request a new one."""
    opened = rows.execute(queries.OPEN, [connection["id"]]).fetchone()
    if opened is not None:
        opened = _moved_on(scope, rows, dagster, opened)
        if opened["state"] in ("queued", "running"):
            return opened
    values = {
        "workspace_id": str(scope.tenant), "id": new_id("sync"), "now": utc_now(),
        "connection_id": connection["id"], "provider": connection["provider"],
    }  # fmt: skip
    row = rows.execute(queries.REQUEST, values).fetchone()
    assert row is not None
    record(rows, scope, "sync.requested", row["id"], connection_id=connection["id"])
    return _moved_on(scope, rows, dagster, row)


def _moved_on(scope: TenantScope, rows: Rows, dagster: Dagster, row: Row) -> Row:
    """Hand a queued sync over, note the end of a running one; leave it while Dagster is away."""
    changed: Row | None = None
    try:
        if row["state"] == "queued":
            key = f"{scope.tenant}|{row['connection_id']}"
            run_id = dagster.submit(
                f"{row['provider']}_sync",
                sync_config(row["provider"], key),
                {"oppulence/sync_id": row["id"], "oppulence/workspace_id": str(scope.tenant)},
            )
            values = {"id": row["id"], "run_id": run_id, "now": utc_now()}
            changed = rows.execute(queries.SUBMITTED, values).fetchone()
        elif row["state"] == "running":
            state = dagster.state_of(row["run_id"])
            if state != "running":
                values = {"id": row["id"], "state": state, "now": utc_now()}
                changed = rows.execute(queries.ENDED, values).fetchone()
    except EngineUnavailableError as error:
        _LOG.warning("dagster_unavailable", sync_id=row["id"], reason=error.detail)
    return changed or row


def _shape(row: Row) -> Sync:
    return Sync(**row)
