"""How does a backfill move? One window after the other is a run of Dagster's; the worker looks.

The row of the backfill is held while a step is taken, and Dagster is asked for a run of the
window's tags first, so that several workers, or one that died, never start a window twice.
"""

import threading
from datetime import datetime
from typing import Any

from core.clock import utc_now
from core.database import Database, Rows
from core.errors import EngineUnavailableError
from core.logs import get_logger
from core.settings import Settings
from core.tenancy import TenantId
from serving.backfills import queries
from serving.syncs.dagster import Dagster

LOOK_SECONDS = 3.0
_LOG = get_logger("syncs")
Row = dict[str, Any]


def run_backfills(settings: Settings, stop_event: threading.Event) -> None:
    """Move every open backfill on, until `stop_event` is set."""
    system = Database.connect(settings, role="system", size=1)
    application = Database.connect(settings, size=1)
    dagster = Dagster.of(settings)
    try:
        while not stop_event.wait(LOOK_SECONDS):
            try:
                with system.system() as rows:
                    found = rows.execute(queries.OPEN_EVERYWHERE).fetchall()
                for one in found:
                    with application.tenant(TenantId(one["workspace_id"])) as rows:
                        move(rows, dagster, one["workspace_id"], one["id"])
            except EngineUnavailableError as error:
                _LOG.warning("backfills_wait", reason=error.detail)
    finally:
        system.close()
        application.close()


def move(rows: Rows, dagster: Dagster, workspace_id: str, backfill_id: str) -> None:
    """Note the end of a window, or start the next.

    Raises:
        EngineUnavailableError: Dagster does not answer; nothing has changed.
    """
    backfill = rows.execute(queries.HELD, [backfill_id]).fetchone()
    if backfill is None or backfill["state"] != "running":
        return
    windows = rows.execute(queries.WINDOWS, [backfill_id]).fetchall()
    for window in windows:
        if window["state"] == "running":
            state = dagster.state_of(window["run_id"])
            if state == "running":
                return
            window["state"] = state
            values = {"id": backfill_id, "number": window["number"], "state": state}
            landed = dagster.rows_of(window["run_id"])
            rows.execute(queries.WINDOW_ENDED, {**values, "rows": landed})
        if window["state"] in ("failed", "canceled"):
            _end(rows, backfill_id, window["state"])
            return
        if window["state"] == "queued":
            run_id = _submit(dagster, workspace_id, backfill, window)
            values = {"id": backfill_id, "number": window["number"], "run_id": run_id}
            rows.execute(queries.SUBMITTED, values)
            return
    _end(rows, backfill_id, "succeeded")


def backfill_config(
    provider: str, *, since: str | None, until: str | None, objects: list[str] | None
) -> Row:
    """Return the config of `<provider>_backfill`."""
    given = {"since": since, "until": until, "objects": objects}
    config = {name: value for name, value in given.items() if value is not None}
    return {"ops": {f"{provider}_ingest": {"config": config}}} if config else {}


def _submit(dagster: Dagster, workspace_id: str, backfill: Row, window: Row) -> str:
    key = f"{workspace_id}|{backfill['connection_id']}"
    config = backfill_config(
        backfill["provider"],
        since=_text(window["since_at"]),
        until=_text(window["until_at"]),
        objects=backfill["objects"],
    )
    tags = {
        "oppulence/backfill_id": backfill["id"],
        "oppulence/backfill_window": f"{window['number']}.{window['attempt']}",
    }
    partition = {"dagster/partition": key}
    return dagster.submit(f"{backfill['provider']}_backfill", config, tags, also=partition)


def _end(rows: Rows, backfill_id: str, state: str) -> None:
    rows.execute(queries.ENDED, {"id": backfill_id, "state": state, "now": utc_now()})


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
