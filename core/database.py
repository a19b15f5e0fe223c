"""How is Postgres reached? Pooled connections that see one workspace, or are named for seeing all.

`Database.tenant` opens a transaction bound to one workspace; row-level security does the rest.
`Database.system` is for orchestration, whose role may see which connections exist everywhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from core.errors import EngineUnavailableError
from core.settings import Settings
from core.tenancy import TenantId

# The migrations grant to these names, and the URLs must use them.
APPLICATION_ROLE = "oppulence_app"
SYSTEM_ROLE = "oppulence_system"
DAGSTER_ROLE = "oppulence_dagster"

Rows = psycopg.Connection[DictRow]

_BIND = (
    "select set_config('app.workspace_id', %s, true), set_config('app.user_id', %s, true),"
    " set_config('app.lookup', %s, true)"
)


def bind(
    rows: Rows, *, tenant: TenantId | None = None, user_id: str = "", lookup: str = ""
) -> None:
    """Say whose rows the transaction sees and writes from here on; what is not named, nobody's.

    Args:
        rows: An open transaction.
        tenant: A workspace: its rows.
        user_id: A person: their account, sessions and memberships.
        lookup: What somebody showed: a token's hash in hex, an address, `issuer subject`; the one
            row that it names.
    """
    rows.execute(_BIND, [str(tenant or ""), user_id, lookup])


@dataclass(frozen=True, slots=True)
class Database:
    """A pool of Postgres connections under one role."""

    pool: ConnectionPool[psycopg.Connection[DictRow]]

    @classmethod
    def connect(
        cls, settings: Settings, *, role: str = "application", size: int = 10
    ) -> "Database":
        """Open the pool of a role: `application`, `system` or `owner`.

        Raises:
            ConfigurationError: The role's URL is not set.
        """
        name = {
            "application": "database_url",
            "system": "database_system_url",
            "owner": "database_owner_url",
        }[role]
        options: dict[str, Any] = {"row_factory": dict_row, "connect_timeout": 10}
        pool = ConnectionPool[psycopg.Connection[DictRow]](
            settings.required(name),
            min_size=1,
            max_size=size,
            kwargs=options,
            open=False,
            timeout=10,
        )
        pool.open()
        return cls(pool)

    @contextmanager
    def tenant(self, tenant: TenantId, *, lookup: str = "") -> Iterator[Rows]:
        """Open a transaction that sees and writes the rows of one workspace only (see `bind`)."""
        with self._connection() as connection, connection.transaction():
            bind(connection, tenant=tenant, lookup=lookup)
            yield connection

    @contextmanager
    def person(self, *, user_id: str = "", lookup: str = "") -> Iterator[Rows]:
        """Open a transaction that sees and writes what is one person's own (see `bind`)."""
        with self._connection() as connection, connection.transaction():
            bind(connection, user_id=user_id, lookup=lookup)
            yield connection

    @contextmanager
    def system(self) -> Iterator[Rows]:
        """Open a transaction bound to no workspace; under the application role it sees nothing."""
        with self._connection() as connection, connection.transaction():
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.pool.close()

    @contextmanager
    def _connection(self) -> Iterator[Rows]:
        try:
            with self.pool.connection() as connection:
                yield connection
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise EngineUnavailableError(
                f"Postgres did not answer: {str(error).splitlines()[0]}",
                next_step="Run `oppulence doctor`.",
            ) from error
