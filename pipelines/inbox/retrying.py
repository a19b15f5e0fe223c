"""What happens to an entry that a store did not take? In time it is applied again."""

from core.clock import utc_now
from core.database import Database, Rows
from core.errors import EngineUnavailableError, OppulenceError
from core.inbox import APPEND, Arrival, append_values
from core.warehouse import Warehouse
from core.webhooks.registry import SCHEMES
from pipelines.inbox import entries, landing, state, tasks
from pipelines.inbox.entries import Entry
from pipelines.inbox.meanings import UnknownConnectionError
from pipelines.inbox.tasks import Stage, Task

SHARE = 20
MOST_TASKS = 200


def retry_due(database: Database, stage: Stage, warehouse: Warehouse | None) -> int:
    """Try the tasks of a stage that are due; return how many there were.

    Raises:
        EngineUnavailableError: The store is away; the tasks come back when their lease ends.
    """
    with database.system() as rows:
        due = tasks.lease(rows, [stage], utc_now(), share=SHARE, most=MOST_TASKS)
    for task in due:
        with database.system() as rows:
            _retry(rows, task, warehouse)
    return len(due)


def _retry(rows: Rows, task: Task, warehouse: Warehouse | None) -> None:
    entry = entries.one(rows, task.workspace_id, task.position)
    try:
        if entry is not None and not entry.connection_id:
            _send_on(rows, entry)
        elif entry is not None and task.stage == "postgres":
            state.apply_again(rows, entry, utc_now())
        elif entry is not None and warehouse is not None:
            landing.apply_again(warehouse, entry, utc_now())
    except EngineUnavailableError:
        raise
    except OppulenceError as error:
        tasks.again(rows, task, error.code, error.detail, utc_now())
    else:
        tasks.done(rows, task)


def _send_on(rows: Rows, entry: Entry) -> None:
    """Append a delivery for accounts that are connected by now to their connections.

    Raises:
        UnknownConnectionError: One of them is not.
    """
    accounts = SCHEMES[entry.provider].accounts(entry.payload)
    found = rows.execute(
        "select id from connections where workspace_id = %s and provider = %s"
        " and provider_account_id = any(%s) and status <> 'revoked'",
        [entry.workspace_id, entry.provider, sorted(accounts)],
    ).fetchall()
    arrivals = [
        Arrival(entry.workspace_id, entry.provider, row["id"], entry.event_id, entry.payload)
        for row in found
    ]
    if len(arrivals) < max(1, len(accounts)):
        raise UnknownConnectionError("The account that the event names is not connected.")
    rows.execute(APPEND, append_values(arrivals))
