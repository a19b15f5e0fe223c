"""Does the gateway see what a statement asks for, without being fooled by names and literals?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.clickhouse.failures import QueryFailed
from local.clickhouse.statements import Kind, parse_statement


@pytest.mark.parametrize(
    ("text", "kind", "output_format"),
    [
        ("SELECT 1", Kind.READ, None),
        ("/* dbt */ -- x\n select 1 FORMAT JSON", Kind.READ, "JSON"),
        ("SELECT 1 FORMAT CSV SETTINGS max_threads = 1;", Kind.READ, "CSV"),
        ("(SELECT 1) UNION ALL (SELECT 2) FORMAT TSV", Kind.READ, "TSV"),
        ("SELECT * FORMAT Native", Kind.READ, "Native"),
        ("SELECT 'FORMAT JSON'", Kind.READ, None),
        ("SELECT 1 AS x -- FORMAT JSON", Kind.READ, None),
        ("SELECT x FROM t ORDER BY format DESC", Kind.READ, None),
        ("SELECT t.format FROM t", Kind.READ, None),
        ("SELECT (SELECT 1 FORMAT JSON)", Kind.READ, None),
        ("WITH a AS (SELECT 1) SELECT * FROM a", Kind.READ, None),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", Kind.INSERT_QUERY, None),
        ("INSERT INTO t SELECT 1", Kind.INSERT_QUERY, None),
        ("INSERT INTO t (a, b) (SELECT 1, 2)", Kind.INSERT_QUERY, None),
        ("INSERT INTO values SELECT 1", Kind.INSERT_QUERY, None),
        ("INSERT INTO t (format, values) VALUES (1, 2)", Kind.INSERT_DATA, "Values"),
        ("INSERT INTO db.format FORMAT CSV\n1", Kind.INSERT_DATA, "CSV"),
        ("INSERT INTO FUNCTION null('x Int8') FORMAT RowBinary ", Kind.INSERT_DATA, "RowBinary"),
        ("CREATE TABLE t (x Int8) ENGINE = Memory", Kind.OTHER, None),
        ("SHOW TABLES FORMAT JSONEachRow", Kind.OTHER, "JSONEachRow"),
    ],
)
def test_kind_and_format_are_found(text: str, kind: Kind, output_format: str | None) -> None:
    statement = parse_statement(text)

    assert (statement.kind, statement.format) == (kind, output_format)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("INSERT INTO t FORMAT CSV\n1,2\n", "1,2\n"),
        ("INSERT INTO t FORMAT CSV\r\n1,2", "1,2"),
        ("INSERT INTO t FORMAT TSV \t\n\t1", "\t1"),
        ("INSERT INTO t FORMAT CSV 1,2", "1,2"),
        ("INSERT INTO t VALUES (1), (2)", " (1), (2)"),
        ('INSERT INTO t FORMAT JSONEachRow {"a": "FORMAT"}', '{"a": "FORMAT"}'),
    ],
)
def test_insert_data_begins_where_a_server_begins_it(text: str, data: str) -> None:
    assert text[parse_statement(text).data_start :] == data


def test_spooled_insert_keeps_its_columns_and_settings() -> None:
    statement = parse_statement("INSERT INTO t (a) SETTINGS max_threads = 1 FORMAT CSV\n1")

    assert statement.from_infile("/f") == (
        "INSERT INTO t (a)  FROM INFILE '/f' SETTINGS max_threads = 1  FORMAT CSV"
    )


def test_second_statement_is_refused() -> None:
    with pytest.raises(QueryFailed) as caught:
        parse_statement("SELECT 1;\nSELECT 2")

    assert caught.value.text == (
        "Code: 62. DB::Exception: Syntax error (Multi-statements are not allowed): failed at "
        "position 9 (end of query) (line 1, col 9): ;\nSELECT 2. . (SYNTAX_ERROR)"
    )


@given(st.text(max_size=60))
def test_a_literal_never_changes_what_is_asked_for(content: str) -> None:
    literal = "'" + content.replace("\\", "\\\\").replace("'", "\\'") + "'"

    statement = parse_statement(f"SELECT {literal} AS x FORMAT JSON SETTINGS max_threads = 1")

    assert (statement.kind, statement.format) == (Kind.READ, "JSON")


@given(st.text(max_size=40), st.binary(max_size=60))
def test_data_of_an_insert_is_never_read_as_sql(name: str, data: bytes) -> None:
    quoted = "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
    head = f"INSERT INTO {quoted} FORMAT RowBinary\n"

    text = head + data.decode("utf-8", "surrogateescape")

    assert parse_statement(text).data_start == len(head)
