"""What starts a sync that was queued while Dagster was down? This loop, in the worker.

It looks every few seconds at the open syncs of all workspaces: starts the queued ones, notes the
end of the running ones. Any number of workers may do so at once (`serving.syncs.handover`).
"""

import threading
from functools import partial

from core.database import Database
from core.errors import EngineUnavailableError
from core.logs import get_logger
from core.settings import Settings
from core.tenancy import TenantId
from serving.syncs import queries
from serving.syncs.dagster import Dagster, DagsterRefusedError
from serving.syncs.handover import hand_over, note_end

LOOK_SECONDS = 3.0
LOOK_SECONDS_WHILE_AWAY = 10.0
AT_ONCE = 500
_LOG = get_logger("syncs")


def run_dispatcher(settings: Settings, stop_event: threading.Event) -> None:
    """Look until `stop_event` is set."""
    system = Database.connect(settings, role="system", size=1)
    application = Database.connect(settings, size=2)
    dagster = Dagster.of(settings)
    pause = 0.0
    try:
        while not stop_event.wait(pause):
            try:
                moved = dispatch(system, application, dagster)
                pause = LOOK_SECONDS
            except EngineUnavailableError as error:
                _LOG.warning("dispatch_waits", reason=error.detail)
                pause = LOOK_SECONDS_WHILE_AWAY
            else:
                if moved:
                    _LOG.info("dispatched", syncs=moved)
    finally:
        system.close()
        application.close()


def dispatch(system: Database, application: Database, dagster: Dagster) -> int:
    """Look once; return how many syncs were started or have ended.

    Raises:
        EngineUnavailableError: Postgres or Dagster does not answer.
    """
    with system.system() as rows:
        found = rows.execute(queries.OPEN_EVERYWHERE, {"limit": AT_ONCE}).fetchall()
    moved = 0
    for one in found:
        tenant = TenantId(one["workspace_id"])
        transaction = partial(application.tenant, tenant)
        if one["state"] == "queued":
            try:
                moved += hand_over(transaction, tenant, dagster, one["id"]) is not None
            except DagsterRefusedError as error:  # alone: others' runs may be taken
                _LOG.warning("sync_refused", sync_id=one["id"], reason=error.detail)
            continue
        with transaction() as rows:
            row = rows.execute(queries.ONE, [one["id"]]).fetchone()
        if row is not None and row["state"] == "running":
            moved += note_end(transaction, dagster, row)["state"] != "running"
    return moved
