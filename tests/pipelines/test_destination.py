"""Does the destination spare what it promises, and keep what it may not lose?"""

from core.settings import Settings
from pipelines.destination import HttpSqlClient, warehouse_destination


def _sql_client(settings: Settings) -> HttpSqlClient:
    from dlt.common.schema import Schema

    destination = warehouse_destination(settings)
    config = destination.spec()._bind_dataset_name("raw")
    client = destination.client(Schema("probe"), config).sql_client
    assert isinstance(client, HttpSqlClient)
    return client


def test_connections_share_a_client_that_none_of_them_closes(warehouse_settings):
    first, second = _sql_client(warehouse_settings), _sql_client(warehouse_settings)
    first.open_connection()
    second.open_connection()
    assert first.native_connection.client is second.native_connection.client
    first.close_connection()
    assert second.execute_sql("SELECT 1") == [(1,)]


def test_capabilities_without_a_config_are_those_of_the_resolved_one(warehouse_settings):
    destination = warehouse_destination(warehouse_settings)
    resolved = destination.configuration(destination.spec()._bind_dataset_name("raw"))
    quick, searched = destination.capabilities(), destination.capabilities(resolved)
    functions = {name for name in quick if callable(quick[name])}
    assert {n: quick[n] for n in quick if n not in functions} == {
        n: searched[n] for n in searched if n not in functions
    }
    assert quick.preferred_loader_file_format == "parquet"
