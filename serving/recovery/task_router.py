"""What does recovery ask of people? `/v1/recovery/tasks`: listed, done, taken up again."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from core.errors import ConflictError, NotFoundError
from serving.auth.scope import RecoveryRead, RecoveryWrite
from serving.idempotency import Idempotent
from serving.pagination import CursorText, Limit, Page, page_of
from serving.recovery import task_actions as actions
from serving.recovery.task_schemas import Task, TaskChange, TaskState, task_of
from serving.responses import problems
from serving.words import Id

router = APIRouter(prefix="/v1/recovery/tasks", tags=["recovery"])
TaskId = Annotated[Id, Path(examples=["task_5k2m8w0c1t7e9b3n6x4q0r2hz"])]


@router.get("", summary="List tasks", operation_id="list_recovery_tasks")
def get_tasks(
    scope: RecoveryRead,
    state: Annotated[TaskState | None, Query()] = None,
    episode_id: Annotated[Id | None, Query()] = None,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[Task]:
    """List what flows and payers ask people to do, newest first."""
    with scope.transaction() as rows:
        found = actions.tasks_of(rows, state, episode_id, limit, cursor)
    return page_of(found, limit, task_of, actions.cursor_of)


@router.get(
    "/{task_id}",
    summary="Get a task",
    operation_id="get_recovery_task",
    responses=problems(NotFoundError),
)
def get_task(scope: RecoveryRead, task_id: TaskId) -> Task:
    """Show a task and the payment that it is about."""
    with scope.transaction() as rows:
        return actions.one(rows, task_id)


@router.post(
    "/{task_id}/changes",
    summary="Complete a task",
    operation_id="change_recovery_task",
    response_model=Task,
    responses=problems(NotFoundError, ConflictError),
)
def post_task_change(
    scope: RecoveryWrite, task_id: TaskId, request: TaskChange, idempotency: Idempotent
) -> Response:
    """Note that it is done, or open it again; the audit log keeps who did."""
    return idempotency.once(scope, lambda rows: actions.change(scope, rows, task_id, request))
