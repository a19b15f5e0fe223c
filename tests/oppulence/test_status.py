"""Does the status tell what each connection landed, and since when it has been fresh?"""

from datetime import UTC, datetime, timedelta

from core.clock import epoch_microseconds
from core.connections import Connection
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from oppulence.status import connection_states
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


def _connection(tenant: str, name: str) -> Connection:
    return Connection(
        tenant=TenantId(tenant), id=new_id("conn"), provider="stripe", name=name,
        provider_account_id="acct_1", api_url="https://api.example", credentials={},
    )  # fmt: skip
