"""Which secrets sign a connection's webhooks? Sealed in Postgres; several while they rotate."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.database import Database, Rows
from core.secrets import SecretBox
from core.tenancy import TenantId

_SENDERS = """
select c.workspace_id, c.id, c.provider, c.provider_account_id, c.status,
    coalesce(array_agg(s.sealed_secret order by s.number) filter (where s.number is not null), '{}')
        as sealed
from connections c
left join webhook_secrets s on s.workspace_id = c.workspace_id and s.connection_id = c.id
where c.provider = %(provider)s and (%(connection_id)s::text is null or c.id = %(connection_id)s)
group by c.workspace_id, c.id
order by c.workspace_id, c.id
"""


@dataclass(frozen=True, slots=True)
class Sender:
    """A connection, and the secrets with which its provider may sign."""

    workspace_id: str
    connection_id: str
    account_id: str
    is_revoked: bool
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """Reads and writes the secrets of connections."""

    database: Database
    box: SecretBox

    def put_within(
        self,
        rows: Rows,
        tenant: TenantId,
        connection_id: str,
        secrets: Sequence[str],
        now: datetime,
    ) -> None:
        """Replace a connection's secrets, in a transaction of its workspace."""
        rows.execute("delete from webhook_secrets where connection_id = %s", [connection_id])
        for number, secret in enumerate(secrets):
            sealed = self.box.seal(secret, context=_context(str(tenant), connection_id))
            rows.execute(
                "insert into webhook_secrets"
                " (workspace_id, connection_id, number, sealed_secret, created_at)"
                " values (%s, %s, %s, %s, %s)",
                [str(tenant), connection_id, number, sealed, now],
            )

    def named(self, provider: str, connection_id: str) -> list[Sender]:
        """Return the connection of this id, whichever workspace it belongs to.

        Ids are random, but unique within a workspace only: should two have one, both are returned,
        and the signature tells which is meant.
        """
        with self.database.system() as rows:
            rows.execute("select set_config('app.connection_id', %s, true)", [connection_id])
            return self._senders(rows, provider, connection_id)

    def of(self, tenant: TenantId, provider: str) -> list[Sender]:
        """Return the workspace's connections to a provider."""
        with self.database.tenant(tenant) as rows:
            return self._senders(rows, provider, None)

    def _senders(self, rows: Rows, provider: str, connection_id: str | None) -> list[Sender]:
        found = rows.execute(_SENDERS, {"provider": provider, "connection_id": connection_id})
        return [
            Sender(
                workspace_id=row["workspace_id"],
                connection_id=row["id"],
                account_id=row["provider_account_id"],
                is_revoked=row["status"] == "revoked",
                secrets=tuple(
                    self.box.open(one, context=_context(row["workspace_id"], row["id"]))
                    for one in row["sealed"]
                ),
            )
            for row in found
        ]


def _context(workspace_id: str, connection_id: str) -> str:
    return f"{workspace_id}|{connection_id}|webhook"
