"""Which provider accounts is a workspace connected to? The store of connections, sealed.

Credentials are a small JSON object of the provider's own shape (`{"api_key": …}` for Stripe),
encrypted for their row, and opened when somebody reads them: who only lists connections holds no
secret, and one that does not open costs its own connection alone. Orchestration lists connections
of every workspace under the system role; everything else goes through one workspace.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from psycopg.rows import DictRow

from core.database import Database, Rows
from core.errors import InvalidInputError, NotFoundError
from core.secrets import SecretBox, SecretUnreadableError
from core.tenancy import CONNECTION_PATTERN, TenantId, new_id

Status = Literal["active", "degraded", "reconsent_required", "revoked"]

_COLUMNS = (
    "workspace_id, id, provider, name, provider_account_id, api_url, sealed_credentials, status,"
    " status_reason, last_synced_at, consent"
)
_UPSERT = f"""
insert into connections
    (workspace_id, id, provider, name, provider_account_id, api_url, sealed_credentials)
values (%(workspace_id)s, %(id)s, %(provider)s, %(name)s, %(account)s, %(api_url)s, %(sealed)s)
on conflict (workspace_id, id) do update set
    name = excluded.name, api_url = excluded.api_url, updated_at = now(),
    sealed_credentials = excluded.sealed_credentials, status = 'active', status_reason = '',
    consent = connections.consent + 1
returning {_COLUMNS}
"""


class SealedCredentials(Mapping[str, str]):
    """A connection's credentials, opened the first time that one of them is read.

    Raises:
        SecretUnreadableError: From every read, if they do not open.
    """

    def __init__(self, box: SecretBox, sealed: str, context: str) -> None:
        self.sealed = sealed
        self._box = box
        self._context = context
        self._opened: dict[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        return self._values()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def __eq__(self, other: object) -> bool:
        """Compare two sealed texts as they are; with anything else, what is in this one."""
        if isinstance(other, SealedCredentials):
            return self.sealed == other.sealed
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def _values(self) -> dict[str, str]:
        if self._opened is None:
            self._opened = json.loads(self._box.open(self.sealed, context=self._context))
        return self._opened


@dataclass(frozen=True, slots=True)
class Connection:
    """One provider account of one workspace. `credentials` never appear in its repr.

    `consent` counts how often its user connected it; 0 for a connection that no store returned.
    """

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
    consent: int = 0

    def __post_init__(self) -> None:
        if not CONNECTION_PATTERN.fullmatch(self.id):
            raise InvalidInputError(f"{self.id!r} is not a connection id (conn_…).")

    @property
    def key(self) -> str:
        """The connection's name among all workspaces: Dagster's partition key."""
        return f"{self.tenant}|{self.id}"

    @property
    def sealed(self) -> str:
        """The stored text of the credentials; empty for a connection that no store returned."""
        held = self.credentials
        return held.sealed if isinstance(held, SealedCredentials) else ""

    def unreadable(self) -> str:
        """Return why the credentials do not open and what to do, or nothing when they do."""
        try:
            dict(self.credentials)
        except SecretUnreadableError as error:
            return f"{error.detail} {error.next_step}".strip()
        return ""


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
        """Create the connection to this provider account, or renew it if it exists already.

        One whose rows are to be erased is left to that: the account gets a new connection.
        """
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
            " and erase_requested_at is null for update",
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

    def renew_credentials(
        self, connection: Connection, refresh: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> Connection:
        """Exchange expiring credentials for those that `refresh` makes of them, once for everybody.

        The row stays locked meanwhile. Of two workers that find the same token expired, one asks
        the provider; the other waits and gets what the first has stored. The new credentials are
        committed before they are returned, since the provider may have ended the old ones.

        Args:
            connection: As it was read when its credentials were used.
            refresh: Asks the provider; called with the stored credentials, at most once.

        Returns:
            The connection as it is stored now.

        Raises:
            NotFoundError: The workspace has no such connection.
        """
        with self.database.tenant(connection.tenant) as rows:
            found = self._select(rows, "where id = %s for update", [connection.id])
            if not found:
                raise NotFoundError(f"There is no connection {connection.id}.")
            stored = found[0]
            if stored.sealed != connection.sealed or stored.status == "revoked":
                return stored
            renewed = json.dumps(dict(refresh(dict(stored.credentials))))
            sealed = self.box.seal(renewed, context=f"{connection.tenant}|{connection.id}")
            row = rows.execute(
                "update connections set sealed_credentials = %s, updated_at = now() where id = %s"
                f" returning {_COLUMNS}",
                [sealed, connection.id],
            ).fetchone()
            assert row is not None
            return self._read(row)

    def record_status(
        self,
        connection: Connection,
        status: Status,
        reason: str = "",
        *,
        synced_at: datetime | None = None,
    ) -> Connection:
        """Store the connection's state after a sync; `reason` is the provider's own words.

        A connection that its user revoked meanwhile stays revoked. A refusal of the credentials
        that the sync used holds for the consent that they came from, tokens renewed meanwhile
        included; if the user connected again since, it is not stored.

        Returns:
            The connection with what was stored, or as it was if nothing was.
        """
        is_about_credentials = status == "reconsent_required" or bool(connection.unreadable())
        with self.database.tenant(connection.tenant) as rows:
            stored = rows.execute(
                "update connections set status = %s, status_reason = %s, updated_at = now(),"
                " last_synced_at = coalesce(%s, last_synced_at)"
                " where id = %s and status <> 'revoked'"
                " and %s in (0, consent)",
                [
                    status,
                    reason,
                    synced_at,
                    connection.id,
                    connection.consent if is_about_credentials else 0,
                ],
            )
        if not stored.rowcount:
            return connection
        return replace(connection, status=status, status_reason=reason)

    def _select(self, rows: Rows, condition: str, values: list[Any]) -> list[Connection]:
        found = rows.execute(f"select {_COLUMNS} from connections {condition}", values)
        return [self._read(row) for row in found]

    def _read(self, row: DictRow) -> Connection:
        sealed = SealedCredentials(
            self.box, row["sealed_credentials"], context=f"{row['workspace_id']}|{row['id']}"
        )
        return Connection(
            tenant=TenantId(row["workspace_id"]),
            id=row["id"],
            provider=row["provider"],
            name=row["name"],
            provider_account_id=row["provider_account_id"],
            api_url=row["api_url"],
            credentials=sealed,
            status=row["status"],
            status_reason=row["status_reason"],
            last_synced_at=row["last_synced_at"],
            consent=row["consent"],
        )
