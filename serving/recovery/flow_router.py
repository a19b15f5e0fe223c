"""How are flows written and put to work? `/v1/recovery/flows` and what a builder needs beside."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from core.errors import ConflictError, InvalidInputError, NotFoundError
from recovery.flows.conditions import OPERATORS
from recovery.flows.document import document_of, flow_of, flow_schema
from recovery.flows.library import library
from recovery.known.vocabulary import every_fact
from serving.auth.scope import RecoveryRead, RecoveryWrite
from serving.idempotency import Idempotent
from serving.pagination import Collection
from serving.recovery import flow_actions as actions
from serving.recovery import flow_queries as queries
from serving.recovery.flow_schemas import (
    DraftRequest,
    FactDescription,
    FlowChange,
    FlowDetail,
    FlowRequest,
    FlowSchema,
    FlowSummary,
    FlowVersion,
    LibraryFlow,
    Validation,
    ValidationRequest,
)
from serving.responses import problems
from serving.words import Id

router = APIRouter(prefix="/v1/recovery", tags=["recovery"])
FlowId = Annotated[Id, Path(examples=["flow_5k2m8w0c1t7e9b3n6x4q0r2hz"])]


@router.get("/flows", summary="List flows", operation_id="list_recovery_flows")
def get_flows(scope: RecoveryRead) -> Collection[FlowSummary]:
    """List the flows in the order in which they take episodes."""
    with scope.transaction() as rows:
        return Collection(data=[FlowSummary(**row) for row in rows.execute(queries.LIST)])


@router.post(
    "/flows",
    summary="Create a flow",
    operation_id="create_recovery_flow",
    status_code=201,
    response_model=FlowDetail,
    responses=problems(NotFoundError),
)
def post_flow(scope: RecoveryWrite, request: FlowRequest, idempotency: Idempotent) -> Response:
    """Keep a draft, from a document or from the library; nothing runs before it is published."""
    return idempotency.once(scope, lambda rows: actions.create(scope, rows, request), status=201)


@router.get(
    "/flows/{flow_id}",
    summary="Get a flow",
    operation_id="get_recovery_flow",
    responses=problems(NotFoundError),
)
def get_flow(scope: RecoveryRead, flow_id: FlowId) -> FlowDetail:
    """Show a flow's draft and what was found in it."""
    with scope.transaction() as rows:
        return actions.detail(rows, flow_id)


@router.put(
    "/flows/{flow_id}",
    summary="Save a draft",
    operation_id="save_recovery_flow",
    responses=problems(NotFoundError, actions.FlowChangedError),
)
def put_flow(scope: RecoveryWrite, flow_id: FlowId, request: DraftRequest) -> FlowDetail:
    """Save a draft, faults and all; what runs is not touched."""
    with scope.transaction() as rows:
        return actions.save(scope, rows, flow_id, request)


@router.post(
    "/flows/{flow_id}/changes",
    summary="Publish, roll back, pause, resume or archive",
    operation_id="change_recovery_flow",
    response_model=FlowDetail,
    responses=problems(NotFoundError, ConflictError),
)
def post_change(
    scope: RecoveryWrite, flow_id: FlowId, request: FlowChange, idempotency: Idempotent
) -> Response:
    """Put a flow to work, or take it back. A running episode stays on its version."""
    return idempotency.once(scope, lambda rows: actions.change(scope, rows, flow_id, request))


@router.get(
    "/flows/{flow_id}/versions",
    summary="List versions",
    operation_id="list_recovery_flow_versions",
    responses=problems(NotFoundError),
)
def get_versions(scope: RecoveryRead, flow_id: FlowId) -> Collection[FlowVersion]:
    """List a flow's published versions, newest first."""
    with scope.transaction() as rows:
        actions.find(rows, flow_id)
        found = rows.execute(queries.VERSIONS, [flow_id]).fetchall()
    return Collection(data=[FlowVersion(**row) for row in found])


@router.post(
    "/flow_validations",
    summary="Validate a document",
    operation_id="validate_recovery_flow",
    responses=problems(InvalidInputError),
)
def post_validation(_: RecoveryRead, request: ValidationRequest) -> Validation:
    """Say what is wrong with a document; nothing is kept."""
    return actions.found_in(flow_of(request.document))


@router.get("/flow_schema", summary="The schema of flows", operation_id="get_recovery_flow_schema")
def get_schema(_: RecoveryRead) -> FlowSchema:
    """Return the JSON Schema that flow documents follow."""
    return FlowSchema(json_schema=flow_schema())


@router.get("/flow_library", summary="Ready flows", operation_id="list_recovery_flow_library")
def get_library(_: RecoveryRead) -> Collection[LibraryFlow]:
    """List the flows that come with the product."""
    shown = [
        LibraryFlow(name=name, title=flow.name, document=document_of(flow))
        for name, flow in library().items()
    ]
    return Collection(data=shown)


@router.get("/facts", summary="What conditions know", operation_id="list_recovery_facts")
def get_facts(_: RecoveryRead) -> Collection[FactDescription]:
    """List the facts that conditions may compare; `metadata.`, `arm.`, `goal.` names are free.

    Those of the payment itself, those that the unified layer knows of the payer from any provider,
    and the columns of the rows that are the payment's own.
    """
    shown = [
        FactDescription(
            name=one.name, group=one.group, type=one.kind.type, says=one.kind.says,
            values=list(one.kind.values), operators=list(OPERATORS[one.kind.type]),
            is_dated=one.is_dated,
        )
        for one in every_fact()
    ]  # fmt: skip
    return Collection(data=shown)
