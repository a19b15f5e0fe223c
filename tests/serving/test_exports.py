"""Does an export hold exactly the rows that the filters name, whole, in both formats?"""

import csv
import io

import pyarrow.parquet


def export(workspace, **parameters):
    return workspace.get("/v1/transactions/export", **parameters)


def lines_of(answer):
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_csv_holds_every_row_by_connection_and_id(workspace, new_workspace):
    new_workspace().holds({"id": "foreign"})
    workspace.holds(
        {"id": "b", "description": 'said "no", twice\nand left'},
        {"id": "a", "amount_minor": -(2**63), "currency": "JPY", "type": "refund"},
        {"id": "c", "connection_id": "conn_a"},
    )
    answer = export(workspace)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="transactions.csv"'
    lines = lines_of(answer)
    assert [(line["connection_id"], line["id"]) for line in lines] == [
        ("conn_a", "c"), ("conn_test", "a"), ("conn_test", "b"),
    ]  # fmt: skip
    assert (lines[1]["amount_minor"], lines[1]["currency"]) == ("-9223372036854775808", "JPY")
    assert lines[2]["description"] == 'said "no", twice\nand left'
    assert lines[2]["occurred_at"].startswith("2024-06-01 12:00:00")
    assert "workspace_id" not in lines[0]


def test_parquet_holds_the_same_rows(workspace):
    workspace.holds(*({"id": f"row{number:05}"} for number in range(3_000)))
    answer = export(workspace, format="parquet")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    table = pyarrow.parquet.read_table(io.BytesIO(answer.content))
    names = [line["id"] for line in lines_of(export(workspace))]
    assert table.column("id").to_pylist() == names == [f"row{n:05}" for n in range(3_000)]
    assert set(table.column("amount_minor").to_pylist()) == {4900}


def test_filters_choose_and_nothing_else_is_taken(workspace):
    workspace.holds(
        {"id": "paid"}, {"id": "held", "status": "authorized"}, {"id": "late", "status": "pending"}
    )
    chosen = {
        asked: [line["id"] for line in lines_of(export(workspace, pending=asked))]
        for asked in ("true", "false")
    }
    assert chosen == {"true": ["held", "late"], "false": ["paid"]}
    listed = workspace.get("/v1/transactions", pending="true").json()["data"]
    assert {row["id"] for row in listed} == {"held", "late"}
    assert lines_of(export(workspace, status="failed")) == []
    for wrong in ({"limit": 1}, {"cursor": "x"}, {"format": "xlsx"}, {"pending": "perhaps"}):
        assert export(workspace, **wrong).status_code == 422


def test_exports_have_a_limit_of_their_own(workspace):
    answer = export(workspace)
    assert answer.headers["RateLimit-Policy"].startswith('"key-export";q=30;w=60')
