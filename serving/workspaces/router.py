"""How are workspaces read and renamed? A key sees the one that it belongs to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from core.clock import utc_now
from core.database import Rows
from core.errors import NotFoundError
from serving.audit_log.entries import record
from serving.auth.scope import WorkspaceRead, WorkspaceWrite
from serving.pagination import Collection
from serving.responses import problems
from serving.words import Id, Name, TenderedCurrency
from serving.workspaces import queries

router = APIRouter(prefix="/v1/workspaces", tags=["workspaces"])

_EXAMPLE: JsonDict = {
    "id": "ws_demo",
    "name": "Demo GmbH",
    "requests_per_minute": None,
    "reporting_currency": "EUR",
    "created_at": "2024-05-01T12:00:00Z",
    "updated_at": "2024-05-01T12:00:00Z",
}
WorkspaceId = Annotated[Id, Path(examples=["ws_demo"])]


class Workspace(BaseModel):
    """A tenant."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    requests_per_minute: int | None = Field(description="A limit of its own; null for the usual")
    reporting_currency: str | None = Field(
        description="What amounts are converted into where that is asked; ISO 4217"
    )
    created_at: datetime
    updated_at: datetime


class WorkspaceChange(BaseModel):
    """What shall change; what is left out stays as it is."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "Demo GmbH"}, {"reporting_currency": "EUR"}],
            "minProperties": 1,
        },
    )

    name: Name = Field(default="")
    reporting_currency: TenderedCurrency | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "WorkspaceChange":
        if not self.model_fields_set:
            raise ValueError("give a name or a reporting_currency")
        return self


@router.get("", summary="List workspaces", operation_id="list_workspaces")
def get_workspaces(scope: WorkspaceRead) -> Collection[Workspace]:
    """List the workspaces that the key opens: its own."""
    with scope.transaction() as rows:
        return Collection(data=[Workspace(**row) for row in rows.execute(queries.ALL)])


@router.get(
    "/{workspace_id}",
    summary="Get a workspace",
    operation_id="get_workspace",
    responses=problems(NotFoundError),
)
def get_workspace(scope: WorkspaceRead, workspace_id: WorkspaceId) -> Workspace:
    """Return the workspace; another one than the key's own does not exist for it."""
    with scope.transaction() as rows:
        return Workspace(**_found(rows, workspace_id))


@router.patch(
    "/{workspace_id}",
    summary="Change a workspace",
    operation_id="change_workspace",
    responses=problems(NotFoundError),
)
def patch_workspace(
    scope: WorkspaceWrite, workspace_id: WorkspaceId, request: WorkspaceChange
) -> Workspace:
    """Give the workspace another name, or the currency that it reports in."""
    changes = request.model_dump(exclude_unset=True)
    with scope.transaction() as rows:
        before = _found(rows, workspace_id)
        wanted = {name: before[name] for name in ("name", "reporting_currency")} | changes
        values = wanted | {"now": utc_now(), "id": workspace_id}
        row = rows.execute(queries.CHANGE, values).fetchone()
        assert row is not None
        if row["name"] != before["name"]:
            record(
                rows, scope, "workspace.renamed", workspace_id,
                before=before["name"], after=row["name"],
            )  # fmt: skip
        if row["reporting_currency"] != before["reporting_currency"]:
            record(
                rows, scope, "workspace.reporting_currency_changed", workspace_id,
                before=before["reporting_currency"], after=row["reporting_currency"],
            )  # fmt: skip
    return Workspace(**row)


def _found(rows: Rows, workspace_id: str) -> Mapping[str, Any]:
    row = rows.execute(queries.ONE, [workspace_id]).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no workspace {workspace_id} for this key.",
            next_step="GET /v1/workspaces lists those that the key opens.",
        )
    return row
