"""What does a signed-in person see? Their workspaces; in each its API keys and its people.

The pages act through the same scope, permissions and actions as /v1 does.
"""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from core.clock import utc_now
from core.database import Rows
from serving.api_keys import actions as keys
from serving.api_keys.schemas import KeyRequest, NewKey
from serving.auth.key_store import list_keys
from serving.auth.permissions import PRESETS, Permission, Preset, Role
from serving.auth.scope import TenantScope
from serving.invitations import actions as invitations
from serving.invitations.queries import PENDING
from serving.invitations.schemas import InvitationRequest, invitation_of
from serving.members.queries import ALL as ALL_MEMBERS
from serving.members.schemas import Email, member_of
from serving.sign_in.memberships import create_workspace, memberships_of
from serving.web.pages import PageRoute, go, page
from serving.web.visits import (
    AnyVisit,
    KeysScope,
    MembersScope,
    SignedIn,
    Visit,
    WorkspaceScope,
)
from serving.words import Id, Name

router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix="/workspaces")

WORKSPACES_A_DAY = 20


@router.get("")
def get_workspaces(visit: AnyVisit, session: SignedIn) -> Response:
    """Let the person choose a workspace."""
    with visit.database.person(user_id=session.user_id) as rows:
        user = _user(rows, session.user_id)
        memberships = memberships_of(rows, session.user_id)
    return page(visit, "workspaces.html", email=user["email"], memberships=memberships)


@router.post("")
def post_workspace(visit: AnyVisit, session: SignedIn, name: Annotated[Name, Form()]) -> Response:
    """Make a workspace that the person owns."""
    visit.limit(("new-workspace", WORKSPACES_A_DAY, 86_400))
    with visit.database.person(user_id=session.user_id) as rows:
        user = _user(rows, session.user_id)
        tenant = create_workspace(rows, user, name, visit.exchange.request_id, utc_now())
    return go(f"/workspaces/{tenant}")


@router.get("/{workspace_id}")
def get_workspace(visit: AnyVisit, scope: WorkspaceScope) -> Response:
    """Show the workspace's keys and people, as far as the member's role shows them."""
    return _workspace_page(visit, scope)


@router.post("/{workspace_id}/api_keys")
def post_key(
    visit: AnyVisit,
    scope: KeysScope,
    name: Annotated[Name, Form()],
    access: Annotated[Preset, Form()],
    days: Annotated[int, Form(ge=0, le=3650)] = 0,
) -> Response:
    """Make a key, within the member's own permissions, and show it, this once."""
    request = KeyRequest(
        name=name,
        scopes=sorted(PRESETS[access] & scope.principal.scopes),
        expires_at=(utc_now() + timedelta(days=days)).isoformat() if days else None,
    )
    with scope.transaction() as rows:
        made = keys.create(scope, rows, request)
    return _workspace_page(visit, scope, new_key=made, status=201)


@router.post("/{workspace_id}/api_keys/{key_id}/revoke")
def post_key_revocation(scope: KeysScope, key_id: Id) -> Response:
    """End a key."""
    with scope.transaction() as rows:
        keys.revoke(scope, rows, key_id)
    return go(f"/workspaces/{scope.tenant}")


@router.post("/{workspace_id}/invitations")
def post_invitation(
    scope: MembersScope,
    email: Annotated[Email, Form()],
    role: Annotated[Role, Form()] = Role.MEMBER,
) -> Response:
    """Invite a person by mail."""
    with scope.transaction() as rows:
        invitations.invite(scope, rows, InvitationRequest(email=email, role=role))
    return go(f"/workspaces/{scope.tenant}")


@router.post("/{workspace_id}/invitations/{invitation_id}/revoke")
def post_invitation_revocation(scope: MembersScope, invitation_id: Id) -> Response:
    """End an invitation."""
    with scope.transaction() as rows:
        invitations.revoke(scope, rows, invitation_id)
    return go(f"/workspaces/{scope.tenant}")


def _workspace_page(
    visit: Visit, scope: TenantScope, *, new_key: NewKey | None = None, status: int = 200
) -> Response:
    now, may = utc_now(), scope.principal.scopes
    with scope.transaction() as rows:
        workspace = rows.execute(
            "select id, name from workspaces where id = %s", [str(scope.tenant)]
        ).fetchone()
        known = list_keys(rows) if Permission.API_KEYS_READ in may else []
        members = [member_of(row) for row in rows.execute(ALL_MEMBERS)]
        invited = [invitation_of(row, now) for row in rows.execute(PENDING, {"now": now})]
    return page(
        visit,
        "workspace.html",
        status=status,
        workspace=workspace,
        principal=scope.principal,
        now=now,
        keys=known,
        may_see_keys=Permission.API_KEYS_READ in may,
        may_make_keys=Permission.API_KEYS_WRITE in may,
        new_key=new_key,
        members=members,
        invitations=invited,
        may_invite=Permission.MEMBERS_WRITE in may,
        roles=[
            role for role in Role if role is not Role.OWNER or Permission.WORKSPACE_WRITE in may
        ],
    )


def _user(rows: Rows, user_id: str) -> dict[str, Any]:
    user = rows.execute("select id, email, name from users where id = %s", [user_id]).fetchone()
    assert user is not None
    return user
