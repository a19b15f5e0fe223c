"""Does the status tell what each connection landed, and since when it has been fresh?"""

from datetime import UTC, datetime, timedelta

from core.clock import epoch_microseconds
from core.connections import Connection
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from oppulence.status import ConnectionState, connection_states, described
from pipelines.ingest import prepare_warehouse
from pipelines.raw import COLUMNS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_objects_and_their_newest_row_are_counted_per_connection(engines: Settings) -> None:
    prepare_warehouse(engines)
    tenant = new_id("ws")
    connections = [_connection(tenant, name) for name in ("first", "second", "empty")]
    landed = [
        ("raw.stripe_coupon", connections[0], "co_1", NOON),
        ("raw.stripe_coupon", connections[0], "co_1", NOON + timedelta(seconds=1)),
        ("raw.stripe_product", connections[0], "prod_1", NOON - timedelta(hours=1)),
        ("raw.stripe_coupon", connections[1], "co_1", NOON),
    ]
    warehouse = Warehouse.connect(engines, pool_size=1)
    try:
        for table, owner, name, moment in landed:
            version = epoch_microseconds(moment)
            row = (tenant, owner.id, name, version, 0, "backfill", moment, f'{{"id": "{name}"}}')
            warehouse.insert_rows(table, [row], COLUMNS)
        states = connection_states(warehouse, connections, now=NOON + timedelta(minutes=1))
    finally:
        warehouse.close()
    assert [(s.name, s.objects, s.newest_at, s.lag_seconds) for s in states] == [
        ("first", {"stripe_coupon": 1, "stripe_product": 1}, NOON + timedelta(seconds=1), 59),
        ("second", {"stripe_coupon": 1}, NOON, 60),
        ("empty", {}, None, None),
    ]


def test_a_connection_is_told_in_lines_that_a_narrow_terminal_does_not_fold() -> None:
    state = ConnectionState(
        workspace="ws_5k1g2h3j4k5m6n7p8q9r0s1t2", id="conn_5k1g2h3j4k5m6n7p8q9r0s1t2",
        provider="stripe", name="Northwind Analytics", status="degraded",
        reason="Nothing answers at http://127.0.0.1:12111.", last_synced_at=None,
        newest_at=NOON, lag_seconds=7_200,
    )  # fmt: skip
    assert described(state) == [
        "Northwind Analytics (stripe): degraded",
        "  ws_5k1g2h3j4k5m6n7p8q9r0s1t2 conn_5k1g2h3j4k5m6n7p8q9r0s1t2",
        "  last sync never, newest row 2026-03-01 12:00:00, lag 2 h",
        "  Nothing answers at http://127.0.0.1:12111.",
    ]
    assert max(map(len, described(state))) < 80


def _connection(tenant: str, name: str) -> Connection:
    return Connection(
        tenant=TenantId(tenant), id=new_id("conn"), provider="stripe", name=name,
        provider_account_id="acct_1", api_url="https://api.example", credentials={},
    )  # fmt: skip
