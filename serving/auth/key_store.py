"""Where are API keys kept? In Postgres, hashed, seen only from inside their own workspace.

`issue_key` is also what the command line and the demo call. Looking a key up needs its workspace
first (`X-Workspace-Id`): row-level security then makes another workspace's key as unknown as a
made-up one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from core.database import Database, Rows
from core.errors import NotFoundError
from core.tenancy import TenantId, new_id
from serving.auth.keys import Environment, hash_key, mint_key, shown_prefix
from serving.auth.permissions import EVERYTHING, Permission

Kind = Literal["app", "internal"]

_COLUMNS = (
    "id, name, prefix, environment, kind, scopes, created_at, expires_at, revoked_at,"
    " last_used_at, replaced_by, (select requests_per_minute from workspaces"
    " where workspaces.id = api_keys.workspace_id) as workspace_limit"
)
_INSERT = f"""
insert into api_keys
    (workspace_id, id, name, prefix, key_hash, environment, kind, scopes, expires_at, created_at)
values (%(workspace_id)s, %(id)s, %(name)s, %(prefix)s, %(key_hash)s, %(environment)s, %(kind)s,
    %(scopes)s, %(expires_at)s, %(created_at)s)
returning {_COLUMNS}
"""
# Last use is kept to the minute: a write per request would cost more than the request.
_TOUCH = """
update api_keys set last_used_at = %(now)s
where id = %(id)s and (last_used_at is null or last_used_at < %(now)s - interval '1 minute')
"""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; the key itself is not."""

    id: str
    name: str
    prefix: str
    environment: Environment
    kind: Kind
    scopes: frozenset[Permission]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaced_by: str | None
    workspace_limit: int | None

    def is_usable(self, now: datetime) -> bool:
        """Say whether the key opens anything at this moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def issue_key(
    database: Database,
    tenant: TenantId,
    name: str,
    *,
    secret: str,
    now: datetime,
    scopes: Iterable[Permission] = EVERYTHING,
    environment: Environment = "live",
    kind: Kind = "app",
    expires_at: datetime | None = None,
) -> tuple[str, ApiKey]:
    """Create a key of an existing workspace; return it, the only time it is shown, and its record.

    Args:
        database: Postgres, under the application's role.
        tenant: The workspace that the key opens.
        name: What the key is for, in its owner's words.
        secret: `settings.api_key_secret`.
        now: The moment of creation.
        scopes: What the key may do; everything by default.
        environment: Shown in the key's prefix.
        kind: `internal` for the platform's own keys.
        expires_at: When it stops working; None for never.
    """
    with database.tenant(tenant) as rows:
        return insert_key(
            rows, tenant, name, secret=secret, now=now, scopes=scopes,
            environment=environment, kind=kind, expires_at=expires_at,
        )  # fmt: skip


def insert_key(
    rows: Rows,
    tenant: TenantId,
    name: str,
    *,
    secret: str,
    now: datetime,
    scopes: Iterable[Permission],
    environment: Environment = "live",
    kind: Kind = "app",
    expires_at: datetime | None = None,
) -> tuple[str, ApiKey]:
    """Do as `issue_key` does, in a transaction that the caller has open."""
    key = mint_key(environment)
    values: dict[str, Any] = {
        "workspace_id": str(tenant), "id": new_id("key"), "name": name,
        "prefix": shown_prefix(key), "key_hash": hash_key(key, secret),
        "environment": environment, "kind": kind, "scopes": sorted(scopes),
        "expires_at": expires_at, "created_at": now,
    }  # fmt: skip
    row = rows.execute(_INSERT, values).fetchone()
    assert row is not None
    return key, _read(row)


def find_key(
    database: Database, tenant: TenantId, key: str, *, secret: str, now: datetime
) -> ApiKey | None:
    """Return the workspace's key, usable or not, and note its use; None if it has no such key."""
    with database.tenant(tenant) as rows:
        row = rows.execute(
            f"select {_COLUMNS} from api_keys where key_hash = %s", [hash_key(key, secret)]
        ).fetchone()
        if row is None:
            return None
        found = _read(row)
        if found.is_usable(now):
            rows.execute(_TOUCH, {"id": found.id, "now": now})
    return found


def list_keys(rows: Rows) -> list[ApiKey]:
    """Return the workspace's keys, newest first."""
    found = rows.execute(f"select {_COLUMNS} from api_keys order by created_at desc, id desc")
    return [_read(row) for row in found]


def page_keys(rows: Rows, after: tuple[datetime, str], limit: int) -> list[ApiKey]:
    """Return the workspace's keys behind one, newest first."""
    found = rows.execute(
        f"select {_COLUMNS} from api_keys where (created_at, id) < (%s, %s)"
        " order by created_at desc, id desc limit %s",
        [*after, limit],
    )
    return [_read(row) for row in found]


def get_key(rows: Rows, key_id: str) -> ApiKey:
    """Return one key, held against other changes until the transaction ends.

    Raises:
        NotFoundError: The workspace has no key of this id.
    """
    row = rows.execute(
        f"select {_COLUMNS} from api_keys where id = %s for update", [key_id]
    ).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no API key {key_id}.", next_step="GET /v1/api_keys lists those there are."
        )
    return _read(row)


def replace_key(rows: Rows, key_id: str, *, new_id: str, expires_at: datetime) -> None:
    """Note which key follows this one, and let it end."""
    rows.execute(
        "update api_keys set replaced_by = %s, expires_at = %s where id = %s",
        [new_id, expires_at, key_id],
    )


def revoke_key(rows: Rows, key_id: str, *, now: datetime) -> ApiKey:
    """End a key at once; ending it again changes nothing.

    Raises:
        NotFoundError: The workspace has no key of this id.
    """
    row = rows.execute(
        "update api_keys set revoked_at = coalesce(revoked_at, %s) where id = %s"
        f" returning {_COLUMNS}",
        [now, key_id],
    ).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no API key {key_id}.", next_step="GET /v1/api_keys lists those there are."
        )
    return _read(row)


def _read(row: dict[str, Any]) -> ApiKey:
    # A scope that this version of the platform no longer knows allows nothing.
    scopes = frozenset(permission for permission in Permission if permission in row["scopes"])
    return ApiKey(**{**row, "scopes": scopes})
