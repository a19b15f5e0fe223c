"""Guards the raw contract: its tables, and the table of endpoints that feeds them."""

import pyarrow as pa

from core.warehouse import Warehouse
from pipelines import registry
from pipelines.arrow import ARROW_SCHEMA
from pipelines.batches import RawObject, RowBuffer
from pipelines.raw import COLUMNS, RawTable, ensure_raw_tables
from pipelines.stripe.objects import (
    ENDPOINTS,
    GROUPS,
    OBJECTS,
    lists_for,
    retrieve_paths,
    selected_names,
)
from tests.pipelines.fake_stripe import connection


def test_arrow_rows_have_the_columns_of_the_tables_in_their_order():
    assert tuple(ARROW_SCHEMA.names) == COLUMNS


def test_a_raw_table_replaces_by_version_and_is_made_once(warehouse: Warehouse):
    table = RawTable("stripe", "checkout.session")
    assert table.name == "raw.stripe_checkout_session"
    ensure_raw_tables(warehouse, [table, table])
    (made,) = warehouse.rows(
        "select engine_full, sorting_key from system.tables"
        " where database = 'raw' and name = 'stripe_checkout_session'"
    )
    assert made["engine_full"].startswith("ReplacingMergeTree(version, is_deleted) ORDER BY")
    assert made["sorting_key"] == "workspace_id, connection_id, id"
    columns = warehouse.rows(
        "select name, type, compression_codec from system.columns"
        " where database = 'raw' and table = 'stripe_checkout_session' order by position"
    )
    assert tuple(column["name"] for column in columns) == COLUMNS
    by_name = {column["name"]: column for column in columns}
    assert by_name["version"]["type"] == "UInt64"
    assert by_name["origin"]["type"] == "LowCardinality(String)"
    assert by_name["payload"]["compression_codec"] == "CODEC(ZSTD(3))"


class Recorder:
    """Takes statements instead of a cluster, which the embedded engine cannot be."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def command(self, sql: str) -> None:
        self.statements.append(sql)

    def rows(self, *_: object) -> list[dict]:
        return []


def test_on_a_cluster_tables_are_replicated():
    recorder = Recorder()
    ensure_raw_tables(recorder, [RawTable("stripe", "charge")], cluster="main")
    assert all(" on cluster 'main'" in statement for statement in recorder.statements)
    assert "engine = ReplicatedReplacingMergeTree(version, is_deleted)" in recorder.statements[-1]


def test_every_provider_object_has_a_table(warehouse_settings, warehouse: Warehouse):
    made = {
        r["name"] for r in warehouse.rows("select name from system.tables where database = 'raw'")
    }
    assert {table.table for table in registry.raw_tables()} | {"completeness", "cursor"} <= made


def test_rows_become_arrow_in_the_contract_s_shape(fresh):
    from core.clock import utc_now

    buffer, now = RowBuffer(), utc_now()
    rows = [
        RawObject("a", 5, is_deleted=False, payload=b'{"x": 72.10}'),
        RawObject("b", 6, is_deleted=True, payload=b"{}"),
    ]
    assert buffer.extend(connection("ws_x", "conn_y"), rows, "poll", now) == 14
    table = buffer.table()
    assert table.column("payload").to_pylist() == ['{"x": 72.10}', "{}"]
    assert table.column("version").to_pylist() == [5, 6]
    assert table.column("is_deleted").to_pylist() == [0, 1]
    assert set(table.column("origin").to_pylist()) == {"poll"}
    assert table.schema.field("payload").type == pa.string()


def test_endpoints_are_consistent_data():
    assert len({(e.path, e.parent, e.part) for e in ENDPOINTS}) == len(ENDPOINTS)
    by_object = {e.object: e for e in ENDPOINTS if e.sync == "list"}
    for endpoint in ENDPOINTS:
        explained = endpoint.sync in ("excluded", "on_request", "part")
        assert explained == bool(endpoint.reason), endpoint.path
        assert (endpoint.sync == "part") == bool(endpoint.part), endpoint.path
        if endpoint.part:
            assert by_object[endpoint.object].path == endpoint.path
        if endpoint.is_walked:
            assert endpoint.parent in by_object, endpoint.path
            assert ("{" in endpoint.path) != bool(endpoint.parent_parameter), endpoint.path
        if endpoint.sync == "list":
            assert "{" not in endpoint.path
        assert (endpoint.sync == "completed") == bool(endpoint.embedded), endpoint.path


def test_groups_name_each_default_object_once():
    names = [name for group in GROUPS.values() for name in group]
    assert sorted(names) == sorted(selected_names(None))
    assert set(names) <= set(OBJECTS)


def test_asking_for_a_nested_object_pages_its_parent():
    assert [e.object for e in lists_for(frozenset({"line_item"}))] == ["invoice"]


def test_objects_of_events_can_be_asked_for_alone():
    paths = retrieve_paths()
    assert paths["charge"] == "/v1/charges/{id}"
    assert paths["card"] == "/v1/customers/{customer}/sources/{id}"
    assert "line_item" not in paths
