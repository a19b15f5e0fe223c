"""Does an export hold exactly the rows that the filters name, whole, in both formats?"""

import csv
import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import httpx
import pyarrow.parquet
import pytest
from pydantic import SecretStr


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
    assert lines[2]["occurred_at"] == "2024-06-01T12:00:00.000Z"
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


def test_no_cell_runs_in_a_spreadsheet(workspace):
    """Texts that begin like a formula get an apostrophe, in CSV alone; numbers stay numbers."""
    dangerous = ["=1+1", "+49", "-5", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x";"y")']
    plain = ["a=b", "'=1", " =1", "", "Größe", "5-3"]
    workspace.holds(
        *(
            {
                "id": f"row{number:02}", "description": text, "amount_minor": -number,
                "counterparty": None if text in plain else text,
            }
            for number, text in enumerate(dangerous + plain)
        )
    )  # fmt: skip
    lines = lines_of(export(workspace))
    assert [line["description"] for line in lines] == [f"'{text}" for text in dangerous] + plain
    # What is not there is an empty cell, without the quotes of an empty text.
    assert [line["counterparty"] for line in lines] == [f"'{text}" for text in dangerous] + [
        ""
    ] * len(plain)
    assert ',"",,' in export(workspace).text
    assert [line["amount_minor"] for line in lines] == [
        str(-number) for number in range(len(dangerous + plain))
    ]
    parquet = io.BytesIO(export(workspace, format="parquet").content)
    texts = pyarrow.parquet.read_table(parquet).column("description").to_pylist()
    assert texts == dangerous + plain


class Cutting(BaseHTTPRequestHandler):
    """Stands before ClickHouse; ends an export in the middle, in one of two ways."""

    protocol_version = "HTTP/1.1"
    target: httpx.Client
    way = ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {
            name: value for name, value in self.headers.items()
            if name.lower() not in ("host", "connection", "accept-encoding")
        }  # fmt: skip
        answer = self.target.request(self.command, self.path, content=body, headers=headers)
        is_export = "CSVWithNames" in self.path or b"CSVWithNames" in body
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower().startswith(("x-", "content-type")):
                self.send_header(name, value)
        if not is_export:
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        tag = answer.headers["X-ClickHouse-Exception-Tag"]
        self._chunk(answer.content[: len(answer.content) // 2])
        if self.way == "told":
            text = f"Code: 241. DB::Exception: secret {tag[:4]} limit"
            block = f"\r\n__exception__\r\n{tag}\r\n{text}\n{len(text)} {tag}\r\n__exception__\r\n"
            self._chunk(block.encode())
            self.wfile.write(b"0\r\n\r\n")  # as a server does that ends its chunks all the same
        self.close_connection = True

    do_GET = do_POST  # noqa: N815 (the name that the server calls)

    def _chunk(self, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def log_message(self, *_: object) -> None: ...


@pytest.mark.parametrize("way", ["told", "cut"])
def test_an_error_in_the_middle_breaks_the_transfer(serve, engines, workspace, way):
    workspace.holds(*({"id": f"row{number:05}"} for number in range(2_000)))
    target = urlsplit(engines.required("clickhouse_url"))
    client = httpx.Client(base_url=f"http://{target.hostname}:{target.port}", timeout=30)
    handler = type("Handler", (Cutting,), {"target": client, "way": way})
    with client, ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        proxy.daemon_threads, proxy.block_on_close = True, False
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        address = SecretStr(f"http://default@127.0.0.1:{proxy.server_address[1]}")
        url = serve(
            engines.model_copy(update={"clickhouse_url": address, "clickhouse_reader_url": address})
        )
        received: list[bytes] = []
        with (
            httpx.stream(
                "GET", f"{url}/v1/transactions/export", headers=workspace.headers(), timeout=60
            ) as answer,
            pytest.raises(httpx.RemoteProtocolError),
        ):
            received.extend(answer.iter_raw())
        proxy.shutdown()
    assert answer.status_code == 200
    assert b"exception" not in b"".join(received)
    assert b"secret" not in b"".join(received)
