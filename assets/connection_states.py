"""How do connections' states reach ClickHouse between runs? An asset, with all that is mirrored.

A run that asks a provider mirrors them itself (`assets.materializations.tell`); this one brings
what users did meanwhile. It stands with the charts of accounts, the other copy from Postgres.
"""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    ResourceParam,
    asset,
)

from assets.reconciliation import RECONCILIATION_GROUP
from assets.translator import OWNERS
from core.clock import utc_now
from core.connections import ConnectionStore
from core.settings import Settings
from core.warehouse import Warehouse
from pipelines.connection_states import TABLE, mirror_states
from pipelines.raw import ensure_raw_tables


def build_connection_states() -> AssetsDefinition:
    """Return the mirrored states as an asset."""

    @asset(
        key=AssetKey(TABLE.split(".")),
        group_name=RECONCILIATION_GROUP,
        owners=OWNERS,
        kinds={"python", "clickhouse"},
        description="How each connection is, as Postgres knows it.",
    )
    def connection_states(
        context: AssetExecutionContext,
        settings: ResourceParam[Settings],
        warehouse: ResourceParam[Warehouse],
        connections: ResourceParam[ConnectionStore],
    ) -> MaterializeResult[None]:
        ensure_raw_tables(warehouse, [], cluster=settings.clickhouse_cluster)
        changed = mirror_states(connections.database, warehouse, utc_now())
        context.log.info("%d states changed.", changed)
        return MaterializeResult(metadata={"changed_rows": changed})

    return connection_states
