"""How does a workspace come to be, and its first key? Small commands, also used by the demo."""

from datetime import datetime

from core.clock import utc_now
from core.database import Database
from core.tenancy import TenantId
from oppulence.output import print_json, print_line
from oppulence.session import command_session
from serving.auth.key_store import insert_key, issue_key, list_keys, revoke_key
from serving.auth.permissions import EVERYTHING


def ensure_workspace(database: Database, tenant: TenantId, name: str = "") -> bool:
    """Create the workspace unless it is there; say whether it was created."""
    with database.tenant(tenant) as rows:
        created = rows.execute(
            "insert into workspaces (id, name) values (%s, %s) on conflict (id) do nothing",
            [str(tenant), name or str(tenant)],
        )
    return created.rowcount == 1


def renew_key(
    database: Database, tenant: TenantId, name: str, *, secret: str, now: datetime
) -> str:
    """Return a new key of this name and end those before it, so that one at most opens anything."""
    with database.tenant(tenant) as rows:
        for earlier in list_keys(rows):
            if earlier.name == name and earlier.is_usable(now):
                revoke_key(rows, earlier.id, now=now)
        key, _ = insert_key(rows, tenant, name, secret=secret, now=now, scopes=EVERYTHING)
    return key


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
            key, record = issue_key(database, tenant, name, secret=secret, now=utc_now())
        finally:
            database.close()
    if as_json:
        print_json({"workspace": str(tenant), "id": record.id, "name": name, "key": key})
    else:
        print_line(f"{key}\nKeep it: it is not shown again. Send it as `Authorization: Bearer …`")
        print_line(f"with `X-Workspace-Id: {tenant}`.")
