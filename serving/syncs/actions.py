"""How does a request become a sync? Kept first, then handed to Dagster (`serving.syncs.handover`).

A connection has one open sync: a second request joins it. When Dagster is down the sync stays
queued until the dispatcher, or whoever asks for it next, finds Dagster back: nothing is lost, and
nothing runs twice.
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
from serving.syncs.handover import note_end
from serving.syncs.schemas import Sync

_LOG = get_logger("serving")
Row = dict[str, Any]


def note_ends(scope: TenantScope, dagster: Dagster, connection_id: str | None) -> None:
    """Note which running syncs have ended, so that nobody joins one that is over."""
    with scope.transaction() as rows:
        running = rows.execute(queries.RUNNING, {"connection_id": connection_id}).fetchall()
    for row in running:
        try:
            note_end(scope.transaction, dagster, row)
        except EngineUnavailableError as error:
            _LOG.warning("dagster_unavailable", sync_id=row["id"], reason=error.detail)
            return


def request_syncs(scope: TenantScope, rows: Rows, connection_id: str | None) -> Collection[Sync]:
    """Request a sync of one connection, or of every one that can be asked.

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
    syncs = {each["id"]: rows.execute(queries.OPEN, [each["id"]]).fetchone() for each in askable}
    unopened = [each for each in askable if syncs[each["id"]] is None]
    if unopened:  # who joins what is under way uses up nothing
        with scope.quota(rows):
            syncs |= {each["id"]: _requested(scope, rows, each) for each in unopened}
    return Collection(data=[Sync.model_validate(syncs[each["id"]]) for each in askable])


def find_sync(scope: TenantScope, dagster: Dagster, sync_id: str) -> Sync:
    """Return a sync as it stands now, or as it last stood while Dagster is away.

    Raises:
        NotFoundError: The workspace has no such sync.
    """
    with scope.transaction() as rows:
        row = rows.execute(queries.ONE, [sync_id]).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no sync {sync_id}.", next_step="POST /v1/transactions.sync starts one."
        )
    if row["state"] == "running":
        try:
            row = note_end(scope.transaction, dagster, row)
        except EngineUnavailableError as error:
            _LOG.warning("dagster_unavailable", sync_id=sync_id, reason=error.detail)
    return Sync(**row)


def _requested(scope: TenantScope, rows: Rows, connection: Row) -> Row:
    values = {
        "workspace_id": str(scope.tenant), "id": new_id("sync"), "now": utc_now(),
        "connection_id": connection["id"], "provider": connection["provider"],
    }  # fmt: skip
    row = rows.execute(queries.REQUEST, values).fetchone()
    assert row is not None
    record(rows, scope, "sync.requested", row["id"], connection_id=connection["id"])
    return row
