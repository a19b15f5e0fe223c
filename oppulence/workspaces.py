"""How does a workspace come to be, its first key and its first person? Also used by the demo."""

from datetime import datetime

from pydantic import ValidationError

from core.clock import utc_now
from core.database import Database, Rows
from core.errors import InvalidInputError, NotFoundError
from core.tenancy import TenantId, new_id
from oppulence.output import print_json, print_line
from oppulence.session import command_session
from serving.audit_log.entries import record_by_system
from serving.auth.key_store import ApiKey, insert_key, list_keys, revoke_key
from serving.auth.permissions import EVERYTHING, Role
from serving.members import queries
from serving.members.schemas import MemberRequest

BY = "command line"
_HELD = "select id, role from members where email = %(email)s for update"


def ensure_workspace(database: Database, tenant: TenantId, name: str = "") -> bool:
    """Create the workspace unless it is there; say whether it was created."""
    with database.tenant(tenant) as rows:
        created = rows.execute(
            "insert into workspaces (id, name) values (%s, %s) on conflict (id) do nothing",
            [str(tenant), name or str(tenant)],
        )
        if created.rowcount:
            named = name or str(tenant)
            record_by_system(rows, tenant, "workspace.created", str(tenant), by=BY, name=named)
    return created.rowcount == 1


def renew_key(
    database: Database, tenant: TenantId, name: str, *, secret: str, now: datetime
) -> str:
    """Return a new key of this name and end those before it, so that one at most opens anything."""
    with database.tenant(tenant) as rows:
        for earlier in list_keys(rows):
            if earlier.name == name and earlier.is_usable(now):
                revoke_key(rows, earlier.id, now=now)
                record_by_system(rows, tenant, "api_key.revoked", earlier.id, by=BY, name=name)
        key, _ = _new_key(rows, tenant, name, secret=secret, now=now)
    return key


def _new_key(
    rows: Rows, tenant: TenantId, name: str, *, secret: str, now: datetime
) -> tuple[str, ApiKey]:
    key, made = insert_key(rows, tenant, name, secret=secret, now=now, scopes=EVERYTHING)
    record_by_system(
        rows, tenant, "api_key.created", made.id, by=BY, name=name, scopes=sorted(made.scopes)
    )
    return key, made


def ensure_member(database: Database, tenant: TenantId, email: str, role: Role) -> None:
    """Let whoever signs in with an address belong to the workspace, in this role.

    Raises:
        InvalidInputError: The address is none.
        NotFoundError: There is no such workspace.
    """
    try:
        asked = MemberRequest(email=email, role=role)
    except ValidationError as error:
        raise InvalidInputError(f"{email!r} is no email address.") from error
    with database.tenant(tenant) as rows:
        if rows.execute("select 1 from workspaces").fetchone() is None:
            raise NotFoundError(
                f"There is no workspace {tenant}.",
                next_step="Make it: `oppulence workspace create`.",
            )
        values = {
            "workspace_id": str(tenant), "id": new_id("mem"), "email": asked.email, "name": "",
            "role": asked.role, "now": utc_now(),
        }  # fmt: skip
        added = rows.execute(queries.ADD, values).fetchone()
        if added is not None:
            told = {"email": added["email"], "role": added["role"]}
            record_by_system(rows, tenant, "member.added", added["id"], by=BY, **told)
            return
        held = rows.execute(_HELD, values).fetchone()
        assert held is not None
        if held["role"] != asked.role:
            rows.execute(queries.CHANGE_ROLE, {**values, "id": held["id"]})
            told = {"before": held["role"], "after": asked.role}
            record_by_system(rows, tenant, "member.role_changed", held["id"], by=BY, **told)


def add_member(workspace: str, email: str, role: Role, *, as_json: bool) -> None:
    """Add a person, or change their role, and say where they sign in."""
    tenant = TenantId(workspace)
    with command_session("workspace member", needed=["postgres"]) as settings:
        database = Database.connect(settings, size=1)
        try:
            ensure_member(database, tenant, email, role)
        finally:
            database.close()
        address = f"{settings.public_address}/sign_in"
    if as_json:
        print_json({"workspace": str(tenant), "email": email, "role": role, "sign_in": address})
    else:
        print_line(f"{email} is {role} of {tenant} and signs in at {address}.")


def create(workspace: str, name: str, *, as_json: bool) -> None:
    """Create a workspace and say so."""
    tenant = TenantId(workspace)
    with command_session("workspace create", needed=["postgres"]) as settings:
        database = Database.connect(settings, size=1)
        try:
            created = ensure_workspace(database, tenant, name)
        finally:
            database.close()
    if as_json:
        print_json({"workspace": str(tenant), "created": created})
    else:
        print_line(f"{tenant} {'was created' if created else 'is there already'}.")


def create_key(workspace: str, name: str, *, as_json: bool) -> None:
    """Create an API key (and the workspace, when missing) and show it, the only time."""
    tenant = TenantId(workspace)
    with command_session("key create", needed=["postgres"]) as settings:
        database = Database.connect(settings, size=1)
        try:
            ensure_workspace(database, tenant)
            secret = settings.required("api_key_secret")
            with database.tenant(tenant) as rows:
                key, record = _new_key(rows, tenant, name, secret=secret, now=utc_now())
        finally:
            database.close()
    if as_json:
        print_json({"workspace": str(tenant), "id": record.id, "name": name, "key": key})
    else:
        print_line(f"{key}\nKeep it: it is not shown again. Send it as `Authorization: Bearer …`")
        print_line(f"with `X-Workspace-Id: {tenant}`.")
