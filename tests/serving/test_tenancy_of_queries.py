"""Does every query that an operation issues name its workspace, in Postgres and in ClickHouse?

Both engines are asked rather than the code. ClickHouse stands behind a proxy that reads each
request's SQL and settings; Postgres is asked on the same connection, before each statement, which
workspace the statement will see. Operations are walked from the document: a new one is covered by
being there.
"""

import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from tests.serving.documented import DOCUMENT

OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if path.startswith("/v1/") and "api_key" in str(operation["security"])
]
TABLE = re.compile(r"\b(?:raw|staging|unified|marts)\.[a-z0-9_]+")
READ_FROM_WAREHOUSE = {
    "transactions", "accounts", "balances", "metrics", "exchange_rates", "events", "completeness",
    "ledger", "reconciliation",
}  # fmt: skip
# Of a resource whose other operations need Postgres alone.
ALSO_READ = {"enrich_transactions", "correct_enrichment"}
# What there is to ask for is known without asking; what is told is answered from Postgres.
ASKS_NOTHING = {"list_metrics", "tell_exchange_rates"}
BINDING = "set_config('app.workspace_id'"


@dataclass
class Recording:
    """What reached the engines since it was last cleared."""

    warehouse: list[tuple[str, str]] = field(default_factory=list)
    postgres: list[tuple[str, str | None]] = field(default_factory=list)

    def clear(self) -> None:
        self.warehouse.clear()
        self.postgres.clear()


@pytest.fixture(scope="module")
def recording():
    """Record every statement of Postgres, with the workspace that the server holds it to."""
    recorded = Recording()
    execute = psycopg.Cursor.execute

    def recording_execute(cursor, query, *args, **options):
        # What carries usage on acts for every workspace in turn, each in its own transaction; what
        # listens for changes of access sends notices and reads no table.
        is_of_requests = threading.current_thread().name not in ("usage", "access")
        if is_of_requests and BINDING not in str(query):
            asked = psycopg.Cursor(cursor.connection, row_factory=psycopg.rows.tuple_row)
            (held_to,) = execute(
                asked, "select current_setting('app.workspace_id', true)"
            ).fetchone()
            recorded.postgres.append((str(query), held_to))
        return execute(cursor, query, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", recording_execute)
        yield recorded


@pytest.fixture(scope="module")
def proxied(engines, recording):
    """Stand before ClickHouse and record the SQL and the filters of each request."""
    target = urlsplit(engines.required("clickhouse_url"))
    client = httpx.Client(base_url=f"http://{target.hostname}:{target.port}", timeout=30)

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parameters = parse_qs(urlsplit(self.path).query)
            sql = body.decode(errors="replace") + " ".join(parameters.get("query", []))
            recording.warehouse.append((sql, parameters.get("additional_table_filters", [""])[0]))
            headers = {
                name: value for name, value in self.headers.items()
                if name.lower() not in ("host", "connection", "accept-encoding")
            }  # fmt: skip
            answer = client.request(self.command, self.path, content=body, headers=headers)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower().startswith(("x-", "content-type")):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST  # noqa: N815 (the name that the server calls)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://default@127.0.0.1:{server.server_address[1]}"
        server.shutdown()
    client.close()


@pytest.fixture(scope="module")
def url(serve, engines, warehouse, proxied):
    changed = {
        "clickhouse_url": SecretStr(proxied), "redis_url": None,
        "stripe_api_url": "http://127.0.0.1:1", "dagster_url": "http://127.0.0.1:1",
        "xero_client_id": "ours", "xero_client_secret": SecretStr("secret"),
    }  # fmt: skip
    address = serve(engines.model_copy(update=changed))
    assert httpx.get(f"{address}/ready", timeout=30).status_code == 200  # clients are made by now
    return address


def example_body(operation):
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None or not content["schema"]:
        return None
    reference = str(content["schema"]).split("#/components/schemas/")[1].split("'")[0]
    return DOCUMENT["components"]["schemas"][reference]["examples"][0]


def filled(path):
    metric = "recovery_rate" if "recovery" in path else "arpu"
    path = path.replace("{provider}", "stripe").replace("metrics/{name}", f"metrics/{metric}")
    path = path.replace("{purpose}/{language}/{tone}", "reminder/en/neutral")
    path = path.replace("{channel}/{address_hash}", f"email/{'0' * 64}")
    return re.sub(r"\{[a-z_]+\}", "known", path)


def required_query(operation):
    return {
        one["name"]: one["schema"].get("examples", one.get("examples", ["stripe"]))[0]
        for one in operation.get("parameters", [])
        if one["in"] == "query" and one["required"]
    }


@pytest.mark.parametrize(
    ("method", "path", "operation"), OPERATIONS, ids=[f"{m} {p}" for m, p, _ in OPERATIONS]
)
def test_every_query_names_its_workspace(url, recording, workspace, method, path, operation):
    workspace.holds({"id": "known"})
    recording.clear()
    answer = httpx.request(
        method, url + filled(path), params=required_query(operation),
        json=example_body(operation), headers=workspace.headers(), timeout=30,
    )  # fmt: skip
    if operation["operationId"] == "list_transactions":  # a known caller's go another way
        for limit in (2, 3, 4):
            again = httpx.get(url + path, params={"limit": limit}, headers=workspace.headers())
            assert again.status_code == 200, again.text
    # Anything but a refusal of the request itself: then its queries would not have been reached.
    # (Whose webhook it is, is asked before its missing signature is refused.)
    is_unsigned = answer.status_code == 401 and answer.json()["code"] == "invalid_signature"
    assert is_unsigned or answer.status_code in (200, 201, 202, 204, 404, 409, 502), answer.text
    assert recording.postgres  # the key at least
    tenant = str(workspace.tenant)
    assert [one for one in recording.postgres if one[1] != tenant] == []
    # Whether a table exists, and of which parts it is made, is nobody's row.
    catalogue = ("from system.tables", "from system.parts")
    asked = [one for one in recording.warehouse if not any(name in one[0] for name in catalogue)]
    for sql, filters in asked:
        tables = set(TABLE.findall(sql))
        assert tables, sql
        own = rf"= \\'{tenant}\\'"
        # How new marts are is read for several at once, and told to each by its own id.
        if sql.split()[:2] == ["select", "workspace_id,"] and "group by workspace_id" in sql:
            own = rf"({own}|in \(\\'{tenant}\\'(, \\'ws_\w+\\')+\))"
        unfiltered = {
            table for table in tables
            if not re.search(rf"'{table}': 'workspace_id {own}'", filters)
        }  # fmt: skip
        assert unfiltered == set(), sql
    reads = operation["tags"][0] in READ_FROM_WAREHOUSE or operation["operationId"] in ALSO_READ
    assert bool(asked) is (reads and operation["operationId"] not in ASKS_NOTHING)


def test_the_recording_sees_a_query_without_its_workspace(recording, database):
    """Without this, an empty recording would prove nothing."""
    recording.clear()
    with database.system() as rows:
        rows.execute("select 1")
    assert recording.postgres in ([("select 1", None)], [("select 1", "")])
