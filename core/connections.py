"""Which provider accounts is a workspace connected to? The store of connections, sealed.

Credentials are a small JSON object of the provider's own shape (`{"api_key": …}` for Stripe),
encrypted for their row. Orchestration lists connections of every workspace under the system role;
everything else goes through one workspace.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from psycopg.rows import DictRow

from core.database import Database, Rows
from core.errors import InvalidInputError, NotFoundError
from core.secrets import SecretBox
from core.tenancy import CONNECTION_PATTERN, TenantId, new_id

Status = Literal["active", "degraded", "reconsent_required", "revoked"]

_COLUMNS = (
    "workspace_id, id, provider, name, provider_account_id, api_url, sealed_credentials, status,"
    " status_reason, last_synced_at"
)
_UPSERT = f"""
insert into connections
    (workspace_id, id, provider, name, provider_account_id, api_url, sealed_credentials)
values (%(workspace_id)s, %(id)s, %(provider)s, %(name)s, %(account)s, %(api_url)s, %(sealed)s)
on conflict (workspace_id, id) do update set
    name = excluded.name, api_url = excluded.api_url, updated_at = now(),
    sealed_credentials = excluded.sealed_credentials, status = 'active', status_reason = ''
returning {_COLUMNS}
"""


@dataclass(frozen=True, slots=True)
class Connection:
    """One provider account of one workspace. `credentials` never appear in its repr."""

    tenant: TenantId
    id: str
    provider: str
    name: str
    provider_account_id: str
    api_url: str
    credentials: Mapping[str, str] = field(repr=False)
    status: Status = "active"
    status_reason: str = ""
    last_synced_at: datetime | None = None

    def __post_init__(self) -> None:
        if not CONNECTION_PATTERN.fullmatch(self.id):
            raise InvalidInputError(f"{self.id!r} is not a connection id (conn_…).")

    @property
    def key(self) -> str:
        """The connection's name among all workspaces: Dagster's partition key."""
        return f"{self.tenant}|{self.id}"


@dataclass(frozen=True, slots=True)
class ConnectionStore:
    """Reads and writes connections in Postgres."""

    database: Database
    box: SecretBox

    def connect(
        self,
        tenant: TenantId,
        *,
        provider: str,
        name: str,
        provider_account_id: str,
        api_url: str,
        credentials: Mapping[str, str],
    ) -> Connection:
        """Create the connection to this provider account, or renew it if it exists already."""
        with self.database.tenant(tenant) as rows:
            return self.connect_within(
                rows, tenant, provider=provider, name=name,
                provider_account_id=provider_account_id, api_url=api_url, credentials=credentials,
            )  # fmt: skip

    def connect_within(
        self,
        rows: Rows,
        tenant: TenantId,
        *,
        provider: str,
        name: str,
        provider_account_id: str,
        api_url: str,
        credentials: Mapping[str, str],
    ) -> Connection:
        """Do as `connect` does, in a transaction of this workspace that the caller has open."""
        found = rows.execute(
            "select id from connections where provider = %s and provider_account_id = %s"
            " for update",
            [provider, provider_account_id],
        ).fetchone()
        connection_id = found["id"] if found else new_id("conn")
        sealed = self.box.seal(json.dumps(dict(credentials)), context=f"{tenant}|{connection_id}")
        values = {
            "workspace_id": str(tenant), "id": connection_id, "provider": provider,
            "name": name, "account": provider_account_id, "api_url": api_url, "sealed": sealed,
        }  # fmt: skip
        row = rows.execute(_UPSERT, values).fetchone()
        assert row is not None
        return self._read(row)

    def revoke_within(self, rows: Rows, tenant: TenantId, connection_id: str, reason: str) -> None:
        """Let a connection be asked no more, and forget its credentials."""
        empty = self.box.seal(json.dumps({}), context=f"{tenant}|{connection_id}")
        rows.execute(
            "update connections set status = 'revoked', status_reason = %s, updated_at = now(),"
            " sealed_credentials = %s where id = %s",
            [reason, empty, connection_id],
        )

    def of(self, tenant: TenantId) -> list[Connection]:
        """Return the workspace's connections, oldest first."""
        with self.database.tenant(tenant) as rows:
            return self._select(rows, "order by created_at, id", [])

    def get(self, tenant: TenantId, connection_id: str) -> Connection:
        """Return one connection.

        Raises:
            NotFoundError: The workspace has none of this id.
        """
        with self.database.tenant(tenant) as rows:
            found = self._select(rows, "where id = %s", [connection_id])
        if not found:
            raise NotFoundError(f"There is no connection {connection_id}.")
        return found[0]

    def all_of(self, provider: str) -> list[Connection]:
        """Return every workspace's connections to `provider` that are not revoked (system role)."""
        with self.database.system() as rows:
            return self._select(
                rows,
                "where provider = %s and status <> 'revoked' order by workspace_id, id",
                [provider],
            )

    def all(self) -> list[Connection]:
        """Return every workspace's connections, revoked ones too (system role)."""
        with self.database.system() as rows:
            return self._select(rows, "order by workspace_id, created_at, id", [])

    def record_status(
        self,
        connection: Connection,
        status: Status,
        reason: str = "",
        *,
        synced_at: datetime | None = None,
    ) -> Connection:
        """Store the connection's state after a sync; `reason` is the provider's own words.

        A connection that its user revoked meanwhile stays revoked.
        """
        with self.database.tenant(connection.tenant) as rows:
            rows.execute(
                "update connections set status = %s, status_reason = %s, updated_at = now(),"
                " last_synced_at = coalesce(%s, last_synced_at)"
                " where id = %s and status <> 'revoked'",
                [status, reason, synced_at, connection.id],
            )
        return replace(connection, status=status, status_reason=reason)

    def _select(self, rows: Rows, condition: str, values: list[Any]) -> list[Connection]:
        found = rows.execute(f"select {_COLUMNS} from connections {condition}", values)
        return [self._read(row) for row in found]

    def _read(self, row: DictRow) -> Connection:
        sealed = self.box.open(
            row["sealed_credentials"], context=f"{row['workspace_id']}|{row['id']}"
        )
        return Connection(
            tenant=TenantId(row["workspace_id"]),
            id=row["id"],
            provider=row["provider"],
            name=row["name"],
            provider_account_id=row["provider_account_id"],
            api_url=row["api_url"],
            credentials=json.loads(sealed),
            status=row["status"],
            status_reason=row["status_reason"],
            last_synced_at=row["last_synced_at"],
        )
