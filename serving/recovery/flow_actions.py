"""How does a flow come to be, change, and go live? Drafts may have faults, versions have none."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, InvalidInputError, NotFoundError
from core.tenancy import new_id
from recovery.flows.document import Flow, document_of, flow_of
from recovery.flows.findings import Finding
from recovery.flows.library import library_flow
from recovery.flows.validation import is_publishable, validate
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.recovery import flow_queries as queries
from serving.recovery.flow_schemas import (
    DraftRequest,
    FlowChange,
    FlowDetail,
    FlowRequest,
    FoundFault,
    Validation,
)


class FlowFaultyError(ConflictError):
    """The draft has faults that keep it from being published."""

    code = "flow_faulty"
    title = "The flow cannot be published"

    def __init__(self, findings: list[Finding]) -> None:
        first = findings[0]
        told = f"{len(findings)} faults, the first at {first.step or 'the flow'}: {first.message}"
        super().__init__(told, next_step=first.next_step)
        self.findings = [FoundFault.of(one).model_dump(mode="json") for one in findings]


class FlowChangedError(ConflictError):
    """The flow is not what the draft was made from."""

    code = "flow_changed"
    title = "The flow was changed meanwhile"


def found_in(flow: Flow) -> Validation:
    """Return what is wrong with a document."""
    found = validate(flow)
    return Validation(
        is_publishable=is_publishable(found), findings=[FoundFault.of(one) for one in found]
    )


def find(rows: Rows, flow_id: str) -> dict[str, Any]:
    """Return a flow's row, locked.

    Raises:
        NotFoundError: The workspace has none of this id.
    """
    row = rows.execute(queries.ONE, [flow_id]).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no flow {flow_id}.", next_step="GET /v1/recovery/flows lists them."
        )
    return row


def detail(rows: Rows, flow_id: str) -> FlowDetail:
    """Return a flow with its draft and what was found in it."""
    row = find(rows, flow_id)
    draft = flow_of(row["draft"])
    shown = {**row, "draft": document_of(draft)}
    return FlowDetail(**shown, findings=found_in(draft).findings)


def create(scope: TenantScope, rows: Rows, request: FlowRequest) -> FlowDetail:
    """Keep a new draft.

    Raises:
        InvalidInputError: Not exactly one of document and library was given.
        NotFoundError: The library has no such flow.
    """
    if (request.document is None) == (request.library is None):
        raise InvalidInputError("Give a document, or the name of a flow of the library.")
    given = request.document
    flow = library_flow(request.library or "") if given is None else _named(given)
    flow_id = new_id("flow")
    rows.execute(
        queries.CREATE,
        {
            "workspace_id": str(scope.tenant), "id": flow_id, "name": flow.name,
            "rank": request.rank, "draft": Jsonb(document_of(flow)), "now": utc_now(),
        },
    )  # fmt: skip
    record(rows, scope, "recovery_flow.created", flow_id, name=flow.name)
    return detail(rows, flow_id)


def save(scope: TenantScope, rows: Rows, flow_id: str, request: DraftRequest) -> FlowDetail:
    """Keep a changed draft; versions and running episodes stay as they are.

    Raises:
        FlowChangedError: Somebody changed it after the state that the draft is based on.
    """
    row = find(rows, flow_id)
    if request.based_on is not None and request.based_on != row["updated_at"]:
        raise FlowChangedError(
            "Somebody saved this flow meanwhile.",
            next_step="Look at it anew and repeat your changes; a page keeps them if reloaded.",
        )
    flow = _named(request.document)
    values = {
        "id": flow_id, "draft": Jsonb(document_of(flow)), "rank": request.rank,
        "name": flow.name, "now": utc_now(),
    }  # fmt: skip
    rows.execute(queries.SAVE, values)
    record(rows, scope, "recovery_flow.saved", flow_id)
    return detail(rows, flow_id)


def change(scope: TenantScope, rows: Rows, flow_id: str, request: FlowChange) -> FlowDetail:
    """Publish, roll back, pause, resume or archive.

    Published twice, a draft is one version: what is live already is not published again.

    Raises:
        FlowFaultyError: The draft has errors.
        InvalidInputError: A rollback names no version.
        ConflictError: The flow has no version to go live with, or is live already.
    """
    row, now = find(rows, flow_id), utc_now()
    version, state = row["live_version"], row["state"]
    if request.do == "publish":
        version, state = _publish(scope, rows, row, now), "live"
    elif request.do == "rollback":
        if request.version is None:
            raise InvalidInputError("A rollback names the version to go back to.",
                                    next_step="GET …/versions lists them.")  # fmt: skip
        if rows.execute(queries.VERSION, [flow_id, request.version]).fetchone() is None:
            raise ConflictError(f"There is no version {request.version}.",
                                next_step="GET …/versions lists them.")  # fmt: skip
        version, state = request.version, "live"
    elif request.do == "resume" and version is None:
        raise ConflictError("It was never published.", next_step="Publish it.")
    else:
        state = {"pause": "paused", "resume": "live", "archive": "archived"}[request.do]
    rows.execute(
        queries.SET,
        {"id": flow_id, "state": state, "live_version": version, "last_version": version or 0,
         "now": now},
    )  # fmt: skip
    record(rows, scope, f"recovery_flow.{request.do}", flow_id, version=version)
    return detail(rows, flow_id)


def _named(document: dict[str, Any]) -> Flow:
    flow = flow_of(document)
    if not flow.name.strip():  # nothing could be clicked in a list
        raise InvalidInputError("name: A flow has a name.", next_step="Give it one.")
    return flow


def _publish(scope: TenantScope, rows: Rows, row: dict[str, Any], now: datetime) -> int:
    flow = flow_of(row["draft"])
    errors = [one for one in validate(flow) if one.severity == "error"]
    if errors:
        raise FlowFaultyError(errors)
    document = document_of(flow)
    live = rows.execute(queries.VERSION, [row["id"], row["live_version"]]).fetchone()
    if live is not None and document_of(flow_of(live["document"])) == document:
        return int(row["live_version"])
    version = int(row["last_version"]) + 1
    rows.execute(
        queries.PUBLISH,
        {
            "workspace_id": str(scope.tenant), "id": row["id"], "version": version,
            "document": Jsonb(document), "now": now, "who": scope.principal.name,
        },
    )  # fmt: skip
    return version
