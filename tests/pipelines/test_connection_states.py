"""Does ClickHouse know of connections what Postgres knows, of every workspace, and no secret?"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from core.connections import Connection, ConnectionStore
from core.database import Database
from core.secrets import SecretBox
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from pipelines.connection_states import mirror_states
from pipelines.ingest import prepare_warehouse

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SYNCED = datetime(2026, 11, 20, 11, 59, 30, 250_000, tzinfo=UTC)


@pytest.fixture(scope="module")
def warehouse(engines: Settings) -> Iterator[Warehouse]:
    prepare_warehouse(engines)
    opened = Warehouse.connect(engines, pool_size=1)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def database(engines: Settings) -> Iterator[Database]:
    opened = Database.connect(engines, size=1)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def system(engines: Settings) -> Iterator[Database]:
    opened = Database.connect(engines, role="system", size=1)
    yield opened
    opened.close()


def connected(engines: Settings, database: Database, account: str) -> Connection:
    tenant = TenantId(new_id("ws"))
    with database.tenant(tenant) as rows:
        rows.execute("insert into workspaces (id, name) values (%s, 'A')", [str(tenant)])
    box = SecretBox.from_keys(engines.required("encryption_keys"))
    return ConnectionStore(database, box).connect(
        tenant, provider="plaid", name="Cascade", provider_account_id=account, api_url="https://x",
        credentials={"access_token": "secret-of-the-bank"},
    )  # fmt: skip


def seen(warehouse: Warehouse, connection: Connection) -> list[tuple[object, ...]]:
    rows = warehouse.rows(
        "select connection_id, provider, name, provider_account_id, status, status_reason,"
        " last_synced_at from raw.connection final where workspace_id = {workspace:String}",
        {"workspace": str(connection.tenant)},
    )
    return [tuple(row.values()) for row in rows]


def versions(warehouse: Warehouse, *connections: Connection) -> int:
    """How often the states of these connections were written."""
    names = [str(connection.tenant) for connection in connections]
    (row,) = warehouse.rows(
        "select uniqExact(workspace_id, connection_id, version) as versions from raw.connection"
        " where workspace_id in {names:Array(String)}",
        {"names": names},
    )
    return int(row["versions"])


def test_states_follow_postgres_and_only_what_differs_is_written(
    engines: Settings, database: Database, system: Database, warehouse: Warehouse
) -> None:
    one = connected(engines, database, "item_1")
    other = connected(engines, database, "item_2")
    mirror_states(system, warehouse, NOW)
    fresh = [(one.id, "plaid", "Cascade", "item_1", "active", "", None)]
    assert seen(warehouse, one) == fresh
    assert seen(warehouse, other) == [(other.id, "plaid", "Cascade", "item_2", "active", "", None)]
    mirror_states(system, warehouse, NOW)
    assert versions(warehouse, one, other) == 2

    box = SecretBox.from_keys(engines.required("encryption_keys"))
    store = ConnectionStore(database, box)
    store.record_status(one, "degraded", "The bank is away.", synced_at=SYNCED)
    mirror_states(system, warehouse, NOW)
    assert seen(warehouse, one) == [
        (one.id, "plaid", "Cascade", "item_1", "degraded", "The bank is away.", SYNCED)
    ]
    assert versions(warehouse, one, other) == 3
    (told,) = warehouse.rows(
        "select countIf(position(toString(tuple(*)), 'secret-of') > 0) as secrets"
        " from raw.connection"
    )
    assert told["secrets"] == 0

    # Deleted and kept it is revoked; to be erased, it leaves.
    with database.tenant(one.tenant) as rows:
        store.revoke_within(rows, one.tenant, one.id, "Deleted by the workspace.")
    mirror_states(system, warehouse, NOW)
    assert [row[4] for row in seen(warehouse, one)] == ["revoked"]
    with database.tenant(one.tenant) as rows:
        rows.execute("update connections set erase_requested_at = now() where id = %s", [one.id])
    mirror_states(system, warehouse, NOW)
    assert seen(warehouse, one) == []
    assert len(seen(warehouse, other)) == 1
