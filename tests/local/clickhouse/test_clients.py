"""Do unmodified clients work against the gateway as they do against a server?"""

import datetime
import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest
import sqlalchemy
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError
from clickhouse_connect.driver.external import ExternalData

from tests.local.clickhouse.conftest import Address, RawClient

COLUMNS = ["x", "s", "at", "amount", "tags"]
ROWS = [
    (
        1,
        "a'b",
        datetime.datetime.fromisoformat("2026-01-02T03:04:05.678"),
        Decimal("1.25"),
        ["x", "y"],
    ),
    (2, "é\n", None, Decimal("-7.00"), []),
]
CREATE = (
    "CREATE TABLE {0}.t (x Int64, s String, at Nullable(DateTime64(3)), amount Decimal(18, 2), "
    "tags Array(String)) ENGINE = MergeTree ORDER BY x"
)


@pytest.fixture
def client(clickhouse_gateway: Address) -> Iterator[Any]:
    with clickhouse_connect.get_client(
        host=clickhouse_gateway.host, port=clickhouse_gateway.port
    ) as opened:
        yield opened


def test_clickhouse_connect_writes_and_reads_every_type(client: Any, database: str) -> None:
    client.command(CREATE.format(database))

    summary = client.insert("t", ROWS, column_names=COLUMNS, database=database)

    assert summary.written_rows == 2
    assert client.query(f"SELECT * FROM {database}.t ORDER BY x").result_rows == ROWS
    assert client.query(f"SELECT * FROM {database}.t LIMIT 0").column_names == tuple(COLUMNS)
    assert client.query_arrow("SELECT number FROM numbers(3)")["number"].to_pylist() == [0, 1, 2]
    assert list(client.query_df("SELECT number FROM numbers(3)")["number"]) == [0, 1, 2]


@pytest.mark.parametrize("compression", ["lz4", "zstd", "br", "gzip", False])
def test_clickhouse_connect_compresses_both_ways(
    clickhouse_gateway: Address, database: str, compression: str | bool
) -> None:
    with clickhouse_connect.get_client(
        host=clickhouse_gateway.host, port=clickhouse_gateway.port, compress=compression
    ) as client:
        client.command(f"CREATE TABLE {database}.c (x UInt32, s String) ENGINE = Memory")
        rows = [(number, f"row {number}") for number in range(20_000)]

        client.insert(f"{database}.c", rows, column_names=["x", "s"])

        assert client.query(f"SELECT * FROM {database}.c ORDER BY x").result_rows == rows


def test_clickhouse_connect_binds_parameters_by_url_and_form(clickhouse_gateway: Address) -> None:
    parameters = {"number": 5, "texts": ["it's", "tab\t"], "text": "line\n\\"}
    sql = "SELECT {number:Int32}, {texts:Array(String)}, {text:String}"
    for form_encoded in (False, True):
        with clickhouse_connect.get_client(
            host=clickhouse_gateway.host,
            port=clickhouse_gateway.port,
            form_encode_query_params=form_encoded,
        ) as client:
            rows = client.query(sql, parameters=parameters).result_rows
        assert rows == [(5, ["it's", "tab\t"], "line\n\\")]


def test_clickhouse_connect_sends_tables_with_a_query(client: Any) -> None:
    external = ExternalData(
        file_name="people.csv",
        data=b"1,Ada\n2,Grace\n",
        fmt="CSV",
        structure="id UInt8, name String",
    )

    result = client.query("SELECT name FROM people ORDER BY id DESC", external_data=external)

    assert result.result_rows == [("Grace",), ("Ada",)]


def test_clickhouse_connect_keeps_a_session(client: Any) -> None:
    client.command("CREATE TEMPORARY TABLE mine (x Int8)")
    client.command("INSERT INTO mine VALUES (1), (2)")

    assert client.query("SELECT sum(x) FROM mine").result_rows == [(3,)]
    size = "SELECT getSetting('max_block_size')"
    assert client.query(size, settings={"max_block_size": 99}).result_rows == [(99,)]
    assert client.query(size).result_rows != [(99,)]


def test_clickhouse_connect_sees_failures_before_and_inside_an_answer(client: Any) -> None:
    with pytest.raises(DatabaseError, match=r"Code: 47\. .*UNKNOWN_IDENTIFIER"):
        client.query("SELECT nosuch")
    failing = "SELECT number, throwIf(number = 3000000) FROM numbers(5000000)"
    with (
        pytest.raises(StreamFailureError, match="Value passed to 'throwIf' function is non-zero"),
        client.query_row_block_stream(failing) as blocks,
    ):
        assert sum(len(block) for block in blocks) < 5_000_000


def test_sqlalchemy_queries_and_reflects(clickhouse_gateway: Address, database: str) -> None:
    gateway = clickhouse_gateway
    engine = sqlalchemy.create_engine(
        f"clickhousedb://default@{gateway.host}:{gateway.port}/{database}"
    )
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE t (x Int32) ENGINE = Memory"))
        connection.execute(sqlalchemy.text("INSERT INTO t VALUES (4), (5)"))
        statement = sqlalchemy.text("SELECT x FROM t WHERE x > :least")
        assert connection.execute(statement, {"least": 4}).fetchall() == [(5,)]
        assert sqlalchemy.inspect(connection).has_table("t")
    engine.dispose()


def test_curl_speaks_to_it(clickhouse_gateway: Address) -> None:
    gateway = clickhouse_gateway
    finished = subprocess.run(
        ["curl", "-sS", "--compressed", f"http://{gateway.host}:{gateway.port}/", "-d", "SELECT 1"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert finished.stdout == "1\n"


def test_dbt_builds_tables_increments_and_views_twice_and_afresh(
    clickhouse_gateway: Address, raw: RawClient, database: str, tmp_path: Path
) -> None:
    _write_project(tmp_path, clickhouse_gateway, database)

    # One process for the three runs: importing dbt takes longer than building this project.
    finished = subprocess.run(
        [sys.executable, "-c", _THREE_BUILDS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    assert finished.returncode == 0, finished.stdout
    assert finished.stdout.count("PASS=7 WARN=0 ERROR=0") == 3
    for table in ("source_table", "increment", "target FINAL"):
        rows = raw.rows(f"SELECT id, name FROM {database}.{table} ORDER BY id")
        assert rows == ["1\ta", "2\tb"]
    # A row inserted where the view looks is in its target when the insert returns.
    raw.rows(f"INSERT INTO {database}.source_table VALUES (3, 'c')")
    assert raw.rows(f"SELECT name FROM {database}.target WHERE id = 3") == ["c"]


_THREE_BUILDS = """
import sys
from dbt.cli.main import dbtRunner
folder = ["--project-dir", sys.argv[1], "--profiles-dir", sys.argv[1]]
for extra in ([], [], ["--full-refresh"]):
    if not dbtRunner().invoke(["build", *folder, *extra]).success:
        sys.exit(1)
"""


def _write_project(folder: Path, gateway: Address, database: str) -> None:
    models = folder / "models"
    models.mkdir()
    (folder / "seeds").mkdir()
    (folder / "seeds" / "seeded.csv").write_text("id,name\n1,a\n2,b\n")
    (folder / "dbt_project.yml").write_text("name: probe\nversion: '1.0'\nprofile: probe\n")
    output = {
        "type": "clickhouse",
        "driver": "http",
        "host": gateway.host,
        "port": gateway.port,
        "user": "default",
        "password": "",
        "schema": database,
        "threads": 4,
    }
    profile = {"probe": {"target": "dev", "outputs": {"dev": output}}}
    (folder / "profiles.yml").write_text(json.dumps(profile))
    (models / "models.yml").write_text(
        "version: 2\nmodels:\n  - name: source_table\n    columns:\n"
        "      - {name: id, data_tests: [unique, not_null]}\n"
    )
    for name, text in {
        "source_table": "{{ config(materialized='table', engine='MergeTree()', order_by='id') }}"
        " select toInt64(id) as id, name from {{ ref('seeded') }}",
        "increment": "{{ config(materialized='incremental', engine='MergeTree()', order_by='id',"
        " unique_key='id', incremental_strategy='delete+insert') }}"
        " select id, name from {{ ref('source_table') }}",
        "target": "{{ config(materialized='incremental', incremental_strategy='append',"
        " engine='ReplacingMergeTree()', order_by='id') }}"
        " select toInt64(1) as id, '' as name where false",
        "feed": "{{ config(materialized='materialized_view') }}"
        " {{ materialization_target_table(ref('target')) }}"
        " select id, name from {{ ref('source_table') }}",
    }.items():
        (models / f"{name}.sql").write_text(text)
