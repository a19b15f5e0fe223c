"""How does Stripe list things? The rules of its lists, in memory.

`FakeStripe` answers like the API; `FakeClient` stands in for `StripeClient` without a network;
`serving` puts the same lists behind loopback HTTP.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from core.connections import Connection
from core.tenancy import TenantId
from pipelines.batches import Sink
from pipelines.http_client import Patience
from pipelines.stripe.client import Answer
from pipelines.stripe.endpoints import Endpoint
from pipelines.stripe.errors import refusal
from pipelines.stripe.landing import Landing
from pipelines.stripe.objects import selected_names

Tamper = Callable[[str, Mapping[str, str], dict[str, Any]], dict[str, Any]]
HASTY = Patience(
    attempts=4, first_pause_seconds=0.001, longest_pause_seconds=0.01, timeout_seconds=60
)
CHARGES = Endpoint("/v1/charges", "charge", "payments", created=True)


def connection(
    workspace: str = "ws_test", name: str = "conn_a", url: str = "", key: str = "sk_test_1"
):
    return Connection(TenantId(workspace), name, "stripe", name, "acct_1", url, {"api_key": key})


def charge(number: int, created: int, **fields: Any) -> dict[str, Any]:
    return {"id": f"ch_{number:06d}", "object": "charge", "created": created, **fields}


@dataclass
class FakeStripe:
    """Lists by path, newest first; objects by path; every request that was made."""

    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    single: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    tamper: Tamper | None = None
    held_at: int = 2_000_000_000_000_000
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def answer(self, path: str, query: Mapping[str, Any]) -> tuple[int, bytes]:
        asked = {name: str(value) for name, value in query.items()}
        self.requests.append((path, asked))
        if path in self.single:
            return 200, json.dumps(self.single[path]).encode()
        if path in self.gone:
            return 404, b'{"error": {"code": "resource_missing", "message": "No such object"}}'
        if path not in self.lists:
            return 404, b'{"error": {"message": "Unrecognized request URL"}}'
        page = self.page(path, asked)
        if self.tamper is not None:
            page = self.tamper(path, asked, page)
        return 200, json.dumps(page).encode()

    def page(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        low, high = int(query.get("created[gte]", 0)), int(query.get("created[lt]", 2**60))
        found = [o for o in self.lists[path] if low <= o.get("created", low) < high]
        if query.get("delivery_success") == "false":
            found = [o for o in found if o.get("pending_webhooks")]
        found.sort(key=lambda o: -o.get("created", 0))
        if after := query.get("starting_after"):
            found = found[[o["id"] for o in found].index(after) + 1 :]
        limit = int(query.get("limit", 10))
        return {"object": "list", "data": found[:limit], "has_more": len(found) > limit}


class FakeClient:
    """What a listing needs of `StripeClient`."""

    patience = HASTY

    def __init__(self, stripe: FakeStripe) -> None:
        self.stripe = stripe

    async def get(self, path: str, query: Mapping[str, Any], decode: Callable[[bytes], Any]) -> Any:
        await asyncio.sleep(0)
        status, body = self.stripe.answer(path, query)
        if status != 200:
            raise refusal(status, body)
        return decode(body), Answer(body, self.stripe.held_at)


def landing(sink: Sink, origin: str = "backfill", names: frozenset[str] | None = None) -> Landing:
    return Landing(sink, connection(), origin, names or selected_names(None))


async def landed(sink: Sink) -> dict[str, list[dict[str, Any]]]:
    """Return all rows that were handed over, by resource."""
    sink.finish()
    rows: dict[str, list[dict[str, Any]]] = {}
    while (batch := await sink.next_batch()) is not None:
        rows.setdefault(batch.resource, []).extend(batch.rows.to_pylist())
    return rows


def newest(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what ReplacingMergeTree keeps: per id the highest version, the last of equals."""
    kept: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["id"] not in kept or row["version"] >= kept[row["id"]]["version"]:
            kept[row["id"]] = row
    return kept


@contextmanager
def serving(
    answer: Callable[
        [str, dict[str, str], BaseHTTPRequestHandler], tuple[int, dict[str, str], bytes] | None
    ],
) -> Iterator[str]:
    """Serve GETs on loopback; an answer of None cuts the connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            found = answer(url.path, dict(parse_qsl(url.query)), self)
            if found is None:
                self.close_connection = True
                return
            status, headers, body = found
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(BrokenPipeError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
