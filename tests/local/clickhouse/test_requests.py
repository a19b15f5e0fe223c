"""Does each word, header and form of ClickHouse's HTTP interface mean what it means to a server?"""

import json

import pytest

from tests.local.clickhouse.conftest import RawClient


@pytest.mark.parametrize("path", ["/", "/ping", "/replicas_status"])
def test_health_checks_answer_ok(raw: RawClient, path: str) -> None:
    answer = raw.send(method="GET", path=path)

    assert (answer.status, answer.body) == (200, b"Ok.\n")


def test_head_answers_headers_alone(raw: RawClient) -> None:
    answer = raw.send(method="HEAD", query="SELECT 1")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["X-ClickHouse-Format"] == "TabSeparated"


def test_unknown_path_is_not_found(raw: RawClient) -> None:
    assert raw.send(method="GET", path="/play/nothing").status == 404


def test_get_reads_and_refuses_to_write(raw: RawClient, database: str) -> None:
    raw.rows(f"CREATE TABLE {database}.t (x Int8) ENGINE = Memory")

    assert raw.send(method="GET", query="SELECT 41 + 1").body == b"42\n"
    refused = raw.send(method="GET", query=f"INSERT INTO {database}.t VALUES (1)")
    assert (refused.status, refused.headers["X-ClickHouse-Exception-Code"]) == (500, "164")
    assert b"method GET implies readonly" in refused.body
    assert raw.rows(f"SELECT count() FROM {database}.t") == ["0"]


def test_url_and_body_make_one_text(raw: RawClient) -> None:
    assert raw.send("+ 2 FORMAT CSV", query="SELECT 1").body == b"3\n"


def test_answer_describes_itself(raw: RawClient) -> None:
    answer = raw.send("SELECT number FROM numbers(3) FORMAT JSONCompact", query_id="my-query")

    assert answer.headers["X-ClickHouse-Query-Id"] == "my-query"
    assert answer.headers["X-ClickHouse-Format"] == "JSONCompact"
    assert answer.headers["X-ClickHouse-Timezone"] == raw.rows("SELECT timezone()")[0]
    assert answer.headers["X-ClickHouse-Server-Display-Name"] == raw.rows("SELECT hostName()")[0]
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    summary = json.loads(answer.headers["X-ClickHouse-Summary"])
    assert (summary["read_rows"], summary["written_rows"]) == ("3", "0")


def test_session_timezone_is_declared(raw: RawClient) -> None:
    answer = raw.send("SELECT timezone()", session_timezone="Asia/Tokyo")

    assert answer.body == b"Asia/Tokyo\n"
    assert answer.headers["X-ClickHouse-Timezone"] == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("words", "headers"),
    [
        ({"default_format": "JSONEachRow"}, {}),
        ({}, {"X-ClickHouse-Format": "JSONEachRow"}),
    ],
)
def test_default_format_comes_from_url_or_header(
    raw: RawClient, words: dict[str, str], headers: dict[str, str]
) -> None:
    assert raw.send("SELECT 1 AS x", headers=headers, **words).body == b'{"x":1}\n'
    assert raw.send("SELECT 1 AS x FORMAT CSV", headers=headers, **words).body == b"1\n"
    assert raw.send("SHOW DATABASES LIKE 'sys%'", headers=headers, **words).body == (
        b'{"name":"system"}\n'
    )


def test_database_comes_from_url_or_header(raw: RawClient, database: str) -> None:
    named = {"X-ClickHouse-Database": database}

    assert raw.rows("SELECT currentDatabase()", database=database) == [database]
    assert raw.send("SELECT currentDatabase()", headers=named).body.decode() == f"{database}\n"
    assert raw.rows("SELECT currentDatabase()") == ["default"]


def test_settings_of_one_request_do_not_reach_the_next(raw: RawClient) -> None:
    sql = "SELECT getSetting('max_block_size')"
    usual = raw.rows(sql)

    assert raw.rows(sql, max_block_size="777") == ["777"]
    assert raw.rows(sql) == usual


def test_parameters_are_bound_by_type(raw: RawClient) -> None:
    answer = raw.send(
        "SELECT {text:String}, {list:Array(String)}, {day:Date}, {none:Nullable(Int8)} "
        "FROM system.{table:Identifier} FORMAT JSONCompactEachRow",
        param_text="a'b\\\\c\\td",
        param_list="['x','it\\'s']",
        param_day="2026-02-03",
        param_none="\\N",
        param_table="one",
    )

    assert json.loads(answer.body) == ["a'b\\c\td", ["x", "it's"], "2026-02-03", None]


def test_multipart_form_carries_query_and_parameters(raw: RawClient) -> None:
    body, headers = _multipart({"query": (None, "SELECT {x:UInt8} + 1"), "param_x": (None, "4")})

    assert raw.send(body, headers=headers).body == b"5\n"


def test_multipart_file_is_a_table_of_its_query(raw: RawClient) -> None:
    body, headers = _multipart(
        {"people": ("people.tsv", "1\tAda\n2\tGrace\n"), "years": ("years.csv", "1,1815\n")}
    )
    sql = "SELECT name, _2 FROM people JOIN years ON people.id = years._1"

    answer = raw.send(
        body,
        headers=headers,
        query=sql,
        people_structure="id UInt8, name String",
        years_types="UInt8,UInt16",
        years_format="CSV",
    )

    assert answer.body == b"Ada\t1815\n"
    assert raw.send("SELECT * FROM people").status == 404


def test_urlencoded_form_and_plain_sql_under_its_name(raw: RawClient) -> None:
    declared = {"Content-Type": "application/x-www-form-urlencoded"}

    assert raw.send("query=SELECT+{x:Int8}&param_x=5", headers=declared).body == b"5\n"
    assert raw.send("SELECT 6", headers=declared).body == b"6\n"


@pytest.mark.parametrize(
    "headers",
    [{"X-ClickHouse-User": "bob"}, {"X-ClickHouse-Key": "x"}, {"Authorization": "Basic Ym9iOng="}],
)
def test_unknown_user_is_refused(raw: RawClient, headers: dict[str, str]) -> None:
    answer = raw.send("SELECT 1", headers=headers)

    assert (answer.status, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "516")
    assert b"Authentication failed" in answer.body


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
def test_pages_of_other_sites_are_refused(raw: RawClient, headers: dict[str, str]) -> None:
    assert raw.send("SELECT 1", headers=headers).status == 403


def _multipart(parts: dict[str, tuple[str | None, str]]) -> tuple[bytes, dict[str, str]]:
    lines = []
    for name, (file_name, content) in parts.items():
        file_part = f'; filename="{file_name}"' if file_name else ""
        lines.append(
            f'--cut\r\nContent-Disposition: form-data; name="{name}"{file_part}\r\n\r\n'
            f"{content}\r\n"
        )
    body = "".join(lines) + "--cut--\r\n"
    return body.encode(), {"Content-Type": "multipart/form-data; boundary=cut"}
