"""Which tasks wait for a person, and what becomes of one? The same for the API and the pages."""

from collections.abc import Mapping
from typing import Any

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, NotFoundError
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.pagination import Cursor
from serving.recovery import task_queries as queries
from serving.recovery.task_schemas import Task, TaskChange, task_of
from serving.times import LATEST


def tasks_of(
    rows: Rows, state: str | None, episode_id: str | None, limit: int, cursor: str | None
) -> list[dict[str, Any]]:
    """Return a page's rows, newest first, and one more where another page follows.

    Raises:
        InvalidInputError: The cursor is not one that this list has given.
    """
    after = Cursor(LATEST, ("",)) if cursor is None else Cursor.decode(cursor, names=1)
    values = {
        "state": state, "episode_id": episode_id, "limit": limit + 1, "after_at": after.moment,
        "after_id": after.name[0],
    }  # fmt: skip
    return rows.execute(queries.PAGE, values).fetchall()


def cursor_of(row: Mapping[str, Any]) -> Cursor:
    """Return the cursor that names a row as the last one seen."""
    return Cursor(row["created_at"], (row["id"],))


def one(rows: Rows, task_id: str) -> Task:
    """Return a task.

    Raises:
        NotFoundError: The workspace has none of this id.
    """
    row = rows.execute(queries.ONE, [task_id]).fetchone()
    if row is None:
        raise _missing(task_id)
    return task_of(row)


def change(scope: TenantScope, rows: Rows, task_id: str, wanted: TaskChange) -> Task:
    """Note that a task is done, or that it is not after all.

    Raises:
        NotFoundError: The workspace has no such task.
        ConflictError: It is so already.
    """
    held = rows.execute(queries.LOCK, [task_id]).fetchone()
    if held is None:
        raise _missing(task_id)
    is_done = held["done_at"] is not None
    if is_done is (wanted.do == "complete"):
        said = f"The task was done by {held['done_by']}." if is_done else "The task is open."
        raise ConflictError(said, next_step="Look at it again; nothing is left to change.")
    values: dict[str, Any] = {"id": task_id, "done_at": None, "done_by": ""}
    if wanted.do == "complete":
        values |= {"done_at": utc_now(), "done_by": scope.principal.name}
    rows.execute(queries.SET, values)
    record(rows, scope, f"recovery_task.{wanted.do}", task_id, episode_id=held["episode_id"])
    return one(rows, task_id)


def _missing(task_id: str) -> NotFoundError:
    return NotFoundError(
        f"There is no task {task_id}.", next_step="GET /v1/recovery/tasks lists them."
    )
