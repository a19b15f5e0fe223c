"""Are the users of the API and of analysts made so that they read and do nothing else?

The embedded engine lets nobody make users, so the statements are read back by its own parser, and
the user's one setting is tried on an anonymous reader's queries.
"""

import hashlib

import pytest
from pydantic import SecretStr

from core.errors import ConfigurationError
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse, WarehouseQueryError
from core.warehouse_reader import ANALYSTS, API, prepare_reader, reader_statements

PASSWORD = "it's a \\ secret"


@pytest.fixture(scope="module")
def warehouse(engines: Settings):
    opened = Warehouse.connect(engines, pool_size=1)
    yield opened
    opened.close()


def test_every_statement_is_one_that_clickhouse_understands(warehouse):
    digest = hashlib.sha256(PASSWORD.encode()).hexdigest().upper()
    told = [
        warehouse.rows("select formatQuerySingleLine({sql:String}) as sql", {"sql": statement})
        for statement in reader_statements(API, "api_reader", PASSWORD)
    ]
    assert [rows[0]["sql"] for rows in told] == [
        "CREATE USER IF NOT EXISTS api_reader",
        f"ALTER USER api_reader IDENTIFIED WITH sha256_hash BY '{digest}'"
        " DROP ALL SETTINGS, DROP ALL PROFILES, ADD SETTING readonly = 2",
        "GRANT SELECT ON raw.* TO api_reader",
        "GRANT SELECT ON staging.* TO api_reader",
        "GRANT SELECT ON unified.* TO api_reader",
        "GRANT SELECT ON marts.* TO api_reader",
        "GRANT SELECT ON system.parts TO api_reader",
    ]
    for statement in reader_statements(API, "api_reader", PASSWORD, cluster="prod"):
        assert "ON CLUSTER prod" in str(
            warehouse.rows("select formatQuerySingleLine({sql:String}) as sql", {"sql": statement})
        )


def test_analysts_read_what_the_models_made_within_bounds(warehouse):
    digest = hashlib.sha256(PASSWORD.encode()).hexdigest().upper()
    told = [
        warehouse.rows("select formatQuerySingleLine({sql:String}) as sql", {"sql": statement})
        for statement in reader_statements(ANALYSTS, "ada", PASSWORD)
    ]
    assert [rows[0]["sql"] for rows in told][1:] == [
        f"ALTER USER ada IDENTIFIED WITH sha256_hash BY '{digest}'"
        " DROP ALL SETTINGS, DROP ALL PROFILES, ADD SETTINGS readonly = 2,"
        " max_execution_time = 300 MAX 300,"
        " max_memory_usage = 4000000000 MAX 4000000000",
        "GRANT SELECT ON staging.* TO ada",
        "GRANT SELECT ON unified.* TO ada",
        "GRANT SELECT ON marts.* TO ada",
    ]


def test_two_readers_are_not_one_user(engines, warehouse):
    one = SecretStr("http://reader:secret@h:8123")
    settings = engines.model_copy(
        update={"clickhouse_reader_url": one, "clickhouse_analyst_url": one}
    )
    for reader in (API, ANALYSTS):
        with pytest.raises(ConfigurationError, match="a user of its own"):
            prepare_reader(settings, warehouse, reader)


def test_the_reader_may_filter_and_limit_its_queries_and_write_nothing(engines, warehouse):
    warehouse.command("create table if not exists raw.reader_probe (workspace_id String)"
                      " engine = MergeTree order by workspace_id")  # fmt: skip
    try:
        warehouse.insert_rows("raw.reader_probe", [["ws_a"], ["ws_b"]], ["workspace_id"])
        reader = Warehouse.connect(engines, pool_size=1)
        reader.client.set_client_setting("readonly", "2")
        query = TenantQuery("select workspace_id from raw.reader_probe")
        found = reader.tenant_rows(TenantId("ws_b"), query, seconds=10)
        assert found == [{"workspace_id": "ws_b"}]
        for write in (
            "insert into raw.reader_probe values ('ws_c')",
            "drop table raw.reader_probe",
            "alter table raw.reader_probe delete where 1",
            "create table raw.reader_made (x UInt8) engine = Memory",
        ):
            with pytest.raises(WarehouseQueryError, match=r"\(READONLY\)"):
                reader.command(write)
        reader.close()
    finally:
        warehouse.command("drop table raw.reader_probe")


@pytest.mark.parametrize(
    "url",
    [
        "http://oppulence_reader@h:8123",  # no password
        "http://:secret@h:8123",
        "http://default:secret@h:8123",  # the writer itself
        "http://reader%60;drop:secret@h:8123",
    ],
)
def test_a_reader_that_is_none_is_refused_before_anything_is_made(engines, warehouse, url):
    settings = engines.model_copy(update={"clickhouse_reader_url": SecretStr(url)})
    with pytest.raises(ConfigurationError, match="a user of its own"):
        prepare_reader(settings, warehouse, API)


def test_a_user_that_may_not_manage_users_is_told_so(engines, warehouse):
    url = SecretStr("http://oppulence_reader:secret@h:8123")
    settings = engines.model_copy(update={"clickhouse_reader_url": url})
    with pytest.raises(WarehouseQueryError, match="grant CREATE USER"):
        prepare_reader(settings, warehouse, API)
