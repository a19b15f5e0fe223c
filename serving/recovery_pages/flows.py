"""Which flows are there, and what does one do? The list, the library, and the builder's page.

The builder's script reads and writes through /v1, as the member who is signed in.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Response

from core.money import EXPONENTS
from recovery.flows.document import Flow, document_of, flow_of
from recovery.flows.library import library, library_flow
from recovery.messages.templates import Purpose
from serving.auth.permissions import Permission
from serving.auth.scope import TenantScope
from serving.recovery import flow_actions as actions
from serving.recovery import flow_queries as queries
from serving.recovery.brand_actions import look
from serving.recovery.flow_schemas import FlowRequest
from serving.recovery_pages.flow_outline import KINDS, outline
from serving.recovery_pages.shell import PREFIX, base_of, shell
from serving.web.pages import PageRoute, go
from serving.web.visits import AnyVisit, RecoveryAct, RecoveryLook, Visit
from serving.words import Id, Word

router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix=PREFIX)

# What a flow begins with that begins with nothing.
BLANK: dict[str, Any] = {
    "name": "New flow",
    "trigger": {"causes": ["renewal"]},
    "start": "over",
    "steps": {"over": {"kind": "end", "title": "Over", "outcome": "lost"}},
}
BADGES = {"live": "good", "paused": "warn", "draft": "", "archived": ""}


@router.get("/flows")
def get_flows(visit: AnyVisit, scope: RecoveryLook) -> Response:
    """List the flows in the order in which they take episodes, and those of the library."""
    with scope.transaction() as rows:
        flows = rows.execute(queries.LIST).fetchall()
    ready = [
        {"name": name, "title": flow.name, "description": flow.description,
         "steps": len(flow.steps)}
        for name, flow in library().items()
    ]  # fmt: skip
    return shell(visit, scope, "flows", "recovery/flows.html", flows=flows, ready=ready,
                 badges=BADGES)  # fmt: skip


@router.post("/flows")
def post_flow(
    scope: RecoveryAct, begin_with: Annotated[Word | Literal[""], Form()] = ""
) -> Response:
    """Make a draft, of a flow of the library or of nothing, and open it."""
    request = FlowRequest(library=begin_with) if begin_with else FlowRequest(document=BLANK)
    with scope.transaction() as rows:
        made = actions.create(scope, rows, request)
    return go(f"{base_of(scope)}/flows/{made.id}")


@router.get("/flows/{flow_id}")
def get_flow(visit: AnyVisit, scope: RecoveryLook, flow_id: Id) -> Response:
    """Open a flow's draft in the builder."""
    with scope.transaction() as rows:
        draft = flow_of(actions.find(rows, flow_id)["draft"])
    return _builder(visit, scope, draft, flow_id=flow_id)


@router.get("/flow_library/{name}")
def get_library_flow(visit: AnyVisit, scope: RecoveryLook, name: Word) -> Response:
    """Show a flow of the library."""
    return _builder(visit, scope, library_flow(name), library_name=name)


def _builder(
    visit: Visit, scope: TenantScope, flow: Flow, *, flow_id: str = "", library_name: str = ""
) -> Response:
    may_act = Permission.RECOVERY_WRITE in scope.principal.scopes
    with scope.transaction() as rows:
        voice = look(rows, scope).voice
    boot = {
        "workspace": str(scope.tenant), "base": base_of(scope), "token": visit.csrf_token,
        "flow": flow_id, "document": document_of(flow) if library_name else None,
        "mayAct": may_act and bool(flow_id), "purposes": list(Purpose), "voice": voice,
        "exponents": EXPONENTS,
    }  # fmt: skip
    return shell(visit, scope, "flows", "recovery/flow.html", flow=flow, lines=outline(flow),
                 flow_id=flow_id, library_name=library_name, boot=boot, kinds=KINDS)  # fmt: skip
