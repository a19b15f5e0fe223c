"""What waits for a person? Tasks of flows and payers; done with one button."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Response

from core.errors import ConflictError
from serving.auth.scope import TenantScope
from serving.recovery import task_actions as actions
from serving.recovery.task_schemas import TaskChange
from serving.recovery_pages.listing import ROWS, listing
from serving.recovery_pages.shell import PREFIX, base_of, shell
from serving.web.pages import PageRoute, go
from serving.web.visits import AnyVisit, RecoveryAct, RecoveryLook, Visit
from serving.words import Id

router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix=PREFIX + "/tasks")

State = Literal["open", "done"]
_NOTICES = {"complete": "Done.", "reopen": "Open again."}


@router.get("")
def get_tasks(
    visit: AnyVisit,
    scope: RecoveryLook,
    state: Annotated[State, Query()] = "open",
    done: Annotated[Literal["", "complete", "reopen"], Query()] = "",
    cursor: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """List tasks, open ones first of all."""
    return _show(visit, scope, state, cursor=cursor, notice=_NOTICES.get(done, ""))


@router.post("/{task_id}/changes")
def post_change(
    visit: AnyVisit,
    scope: RecoveryAct,
    task_id: Id,
    do: Annotated[Literal["complete", "reopen"], Form()],
    back: Annotated[Literal["tasks", "episode"], Form()] = "tasks",
) -> Response:
    """Note what became of a task; whoever came from its episode goes back there."""
    try:
        with scope.transaction() as rows:
            task = actions.change(scope, rows, task_id, TaskChange(do=do))
    except ConflictError as error:
        return _show(visit, scope, "open", problem=error.detail, status=error.status)
    if back == "episode":
        return go(f"{base_of(scope)}/episodes/{task.episode_id}?done={do}")
    return go(f"{base_of(scope)}/tasks?done={do}")


def _show(
    visit: Visit,
    scope: TenantScope,
    state: State,
    *,
    cursor: str = "",
    notice: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    with scope.transaction() as rows:
        found = actions.tasks_of(rows, state, None, ROWS, cursor or None)
    listed = listing(found, {"state": state}, cursor, actions.cursor_of)
    return shell(
        visit, scope, "tasks", "recovery/tasks.html", status=status, list=listed, state=state,
        notice=notice, problem=problem,
    )  # fmt: skip
