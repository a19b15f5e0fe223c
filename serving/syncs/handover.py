"""How does a sync reach Dagster, and its end come back? One step at a time, by whoever looks.

The request's own background, a reader of the sync and the worker's dispatcher may all try: a claim
in Postgres lets one of them at a time, and Dagster is asked for a run of the sync's tag first, so
that a claim that ran out does not start a second run. No transaction is open while Dagster is
asked.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from core.clock import utc_now
from core.database import Rows
from core.errors import EngineUnavailableError
from core.logs import get_logger
from core.outbound import emit
from core.tenancy import TenantId, new_id
from serving.syncs import queries
from serving.syncs.dagster import Dagster, DagsterRefusedError

# Longer than all of Dagster's timeouts together.
CLAIMED = timedelta(minutes=2)
_LOG = get_logger("serving")

Row = dict[str, Any]
Transaction = Callable[[], AbstractContextManager[Rows]]


def sync_config(provider: str, connection_key: str) -> Row:
    """Return the config of `<provider>_sync` for one connection."""
    step = f"{provider}_sync_changes"
    return {"ops": {step: {"config": {"connections": [connection_key]}}}}


def hand_over(
    transaction: Transaction, tenant: TenantId, dagster: Dagster, sync_id: str
) -> Row | None:
    """Start the run of a queued sync; None if it is not queued, or another is starting it.

    Raises:
        EngineUnavailableError: Dagster does not answer: it stays queued.
    """
    now = utc_now()
    values: Row = {"id": sync_id, "claim": new_id("claim"), "now": now, "until": now + CLAIMED}
    with transaction() as rows:
        row = rows.execute(queries.CLAIM, values).fetchone()
    if row is None:
        return None
    try:
        run_id = dagster.submit(
            f"{row['provider']}_sync",
            sync_config(row["provider"], f"{tenant}|{row['connection_id']}"),
            {"oppulence/sync_id": row["id"], "oppulence/workspace_id": str(tenant)},
        )
    except BaseException:
        with transaction() as rows:
            rows.execute(queries.RELEASE, values)
        raise
    with transaction() as rows:
        return rows.execute(
            queries.SUBMITTED, {**values, "run_id": run_id, "now": utc_now()}
        ).fetchone()


def note_end(transaction: Transaction, dagster: Dagster, row: Row) -> Row:
    """Return a running sync as it stands now, its end noted if there is one.

    Raises:
        EngineUnavailableError: Dagster does not answer.
    """
    state = dagster.state_of(row["run_id"])
    if state == "running":
        return row
    values = {"id": row["id"], "run_id": row["run_id"], "state": state, "now": utc_now()}
    with transaction() as rows:
        ended = rows.execute(queries.ENDED, values).fetchone()
        if ended is not None and state == "succeeded":
            _tell(rows, ended)
        return ended or row


def _tell(rows: Rows, ended: Row) -> None:
    """Tell those who listen that a connection was synced."""
    named = rows.execute("select current_setting('app.workspace_id') as workspace_id").fetchone()
    assert named is not None
    data = {"connection_id": ended["connection_id"], "sync_id": ended["id"]}
    emit(rows, named["workspace_id"], "connection.synced", ended["id"], data, utc_now())


def try_hand_over(
    transaction: Transaction, tenant: TenantId, dagster: Dagster, sync_ids: list[str]
) -> None:
    """Start what can be started; what cannot stays queued for the dispatcher."""
    for sync_id in sync_ids:
        try:
            hand_over(transaction, tenant, dagster, sync_id)
        except DagsterRefusedError as error:
            _LOG.warning("sync_refused", sync_id=sync_id, reason=error.detail)
        except EngineUnavailableError as error:
            _LOG.warning("dagster_unavailable", sync_id=sync_id, reason=error.detail)
            return
