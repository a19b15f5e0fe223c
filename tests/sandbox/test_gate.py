"""Does a provider behind the gate see what it should, misbehave as told, and get counted?"""

import asyncio
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from sandbox.clock import Clock
from sandbox.company.synthetic import company_of
from sandbox.faults import Fault, Faults
from sandbox.gate import Gate
from sandbox.outbox import Outbox
from sandbox.process import RunningSandbox
from sandbox.provider import Stage
from sandbox.wire import Answer, Request, json_answer
from sandbox.world import World

NOW = 1_790_000_000


class EchoApp:
    """A provider that answers with what it was asked."""

    name = "echo"
    fault_kinds = frozenset({"echo_backwards"})

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def handle(self, request: Request) -> Answer:
        if request.path == "/defect":
            raise RuntimeError("a defect")
        path = request.path
        if self.stage.faults.own(path, "echo_backwards") is not None:
            path = path[::-1]
        return json_answer({"path": path, "currencies": len(self.stage.world.bank.accounts)})

    def credential(self, request: Request) -> str:
        return request.headers["token"]

    def refuse(self, fault: Fault, request: Request) -> Answer:
        return json_answer({"refused": fault.kind}, 429 if fault.kind == "rate_limit" else 500)

    def spoil(self, answer: Answer, request: Request) -> Answer:
        return json_answer({"path": None}, answer.status)


class Visitor:
    """Asks a gate."""

    def __init__(self, gate: Gate, faults: Faults, clock: Clock) -> None:
        self.gate, self.faults, self.clock = gate, faults, clock

    def ask(self, path: str, token: str | None = "one") -> tuple[int, bytes, bool]:
        headers = {} if token is None else {"token": token}
        answer, whole = asyncio.run(self.gate.answer(Request("GET", path, "", headers, b"")))
        return answer.status, answer.body, whole


@pytest.fixture
def visitor(tmp_path: Path) -> Visitor:
    world = World(company_of(1, 30, date(2026, 11, 20)))
    clock, faults = Clock(NOW, NOW), Faults(1)
    clock.set(NOW, frozen=True)
    return Visitor(Gate(world, clock, faults, tmp_path, {"echo": EchoApp}), faults, clock)


def test_a_provider_sees_its_own_paths_and_no_others(visitor: Visitor) -> None:
    assert visitor.ask("/echo/api/v2/accounts") == (
        200, b'{"path":"/api/v2/accounts","currencies":11}', True,
    )  # fmt: skip
    assert visitor.ask("/echo")[1].startswith(b'{"path":"/",')
    for path, served in (("/echo/x", True), ("/echoes/x", False), ("/v1/charges", False)):
        assert visitor.gate.serves(Request("GET", path, "", {}, b"")) is served


def test_common_faults_strike_before_and_after_the_provider(visitor: Visitor) -> None:
    for kind, expected in (
        ("rate_limit", (429, b'{"refused":"rate_limit"}', True)),
        ("error", (500, b'{"refused":"error"}', True)),
        ("malformed_row", (200, b'{"path":null}', True)),
        ("cut", (200, b'{"path":"/x","currencies":11}', False)),
        ("slow", (200, b'{"path":"/x","currencies":11}', True)),
        ("timeout", (200, b"  ", False)),
        ("echo_backwards", (200, b'{"path":"x/","currencies":11}', True)),
    ):
        visitor.faults.add({"kind": kind, "path": "^/echo/x", "next": 1, "seconds": 0.01})
        assert visitor.ask("/echo/x") == expected
        assert visitor.ask("/echo/x")[0] == 200
    assert [rule.hits for rule in visitor.faults.rules] == [1] * 7


def test_only_known_kinds_of_fault_are_taken(visitor: Visitor) -> None:
    with pytest.raises(ValueError, match="a fault has a kind of"):
        visitor.faults.add({"kind": "echo_sideways"})


def test_a_defect_of_a_provider_answers_500_and_is_shown(
    visitor: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    status, body, _ = visitor.ask("/echo/defect")
    assert (status, body) == (500, b'{"error":"The sandbox failed; see its standard error."}')
    assert "RuntimeError: a defect" in capsys.readouterr().err


def test_requests_are_counted_by_credential_and_path(visitor: Visitor) -> None:
    for _ in range(3):
        visitor.ask("/echo/accounts/4ef1a2d0-77/balances", "one")
    visitor.ask("/echo/accounts/99887766/balances", "one")
    visitor.ask("/echo/accounts", "two")
    visitor.ask("/echo/accounts", None)
    visitor.clock.set(NOW + 86_400, frozen=True)
    visitor.ask("/echo/accounts/99887766/balances", "one")
    visitor.faults.add({"kind": "rate_limit", "next": 1})
    visitor.ask("/echo/accounts", "two")
    report = visitor.gate.meters.report()["echo"]
    one, two = report["by_credential"]["one"], report["by_credential"]["two"]
    assert report["total"] == 8
    assert set(report["by_credential"]) == {"", "one", "two"}
    assert list(one["by_path"]) == ["GET /accounts/{id}/balances"]
    # Four on the first day, one on the next: a day is the sandbox's.
    assert (one["total"], one["peak_successes_per_day"], one["peak_under_way"]) == (5, 4, 1)
    assert two["by_status"] == {"200": 1, "429": 1}
    assert two["peak_successes_per_day"] == 1
    visitor.gate.meters.reset()
    assert visitor.gate.meters.report() == {}


def test_requests_under_way_at_once_are_counted(visitor: Visitor) -> None:
    visitor.faults.add({"kind": "slow", "seconds": 0.05})

    async def together() -> None:
        request = [Request("GET", "/echo/x", "", {"token": "one"}, b"") for _ in range(4)]
        await asyncio.gather(*(visitor.gate.answer(each) for each in request))

    asyncio.run(together())
    report = visitor.gate.meters.report()["echo"]["by_credential"]["one"]
    assert (report["peak_under_way"], report["peak_per_second"]) == (4, 4)


def test_a_folder_is_kept_for_its_company_and_emptied_for_another(tmp_path: Path) -> None:
    def folder_of(seed: int) -> Path:
        world = World(company_of(seed, 30, date(2026, 11, 20)))
        gate = Gate(world, Clock(NOW), Faults(1), tmp_path, {"echo": EchoApp})
        app = gate.apps["echo"]
        assert isinstance(app, EchoApp)
        return app.stage.folder

    (folder_of(1) / "tokens").write_text("kept")
    assert (folder_of(1) / "tokens").read_text() == "kept"
    assert not (folder_of(2) / "tokens").exists()


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """An address that refuses the first delivery, and what it was sent."""
    seen: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.append((self.headers["signature"], body))
            self.send_response(500 if len(seen) == 1 else 204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", seen
        server.shutdown()
        thread.join()


def test_webhooks_leave_in_order_signed_anew_at_each_try(
    endpoint: tuple[str, list[tuple[str, bytes]]],
) -> None:
    url, seen = endpoint
    outbox = Outbox(Clock(NOW, NOW))
    outbox.retry_seconds = (0.01,)
    tries = iter(("s1", "s2", "s3"))

    async def deliver() -> None:
        for body in (b"first", b"second"):
            outbox.post("echo", url, body, lambda: {"signature": next(tries)})
        await asyncio.gather(*outbox.under_way())

    asyncio.run(deliver())
    assert seen == [("s1", b"first"), ("s2", b"first"), ("s3", b"second")]
    noted = [(item["provider"], item["try"], item["status"]) for item in outbox.deliveries]
    assert noted == [("echo", 1, 500), ("echo", 2, 204), ("echo", 1, 204)]


def test_the_truth_is_served_as_of_the_clock(stripe_sandbox: RunningSandbox) -> None:
    with httpx.Client(base_url=f"{stripe_sandbox.url}/_sandbox", timeout=60) as client:
        truth = client.get("/books/reconciliation_truth").json()
        payouts = stripe_sandbox.books.payouts(members=False)
        assert [row["payout_id"] for row in truth] == [payout["id"] for payout in payouts]
        at = {"at": payouts[60]["created"]}
        assert len(client.get("/books/reconciliation_truth", params=at).json()) >= 61
        accounts = client.get("/books/bank_accounts").json()
        balances = client.get("/books/bank_balances", params=at).json()
        lines = client.get("/books/bank_lines", params={**at, "only": "eur_operating"}).json()
        opening = next(row for row in accounts if row["id"] == "eur_operating")["opening_balance"]
        posted = [line for line in lines if line["state"] == "posted"]
        assert balances["eur_operating"]["balance"] == opening + sum(
            line["amount"] for line in posted
        )
        assert posted[0]["wire_ids"] == dict.fromkeys(
            ("gocardless", "enablebanking"), posted[0]["id"]
        )
        documents = client.get("/books/accounting", params={"only": "deposit"}).json()["documents"]
        assert {document["kind"] for document in documents} == {"deposit"}
        for document in documents:
            moved = document["entries"]
            assert sum(e["debit"] for e in moved) == sum(e["credit"] for e in moved) > 0
        assert client.get("/books/bank_lines", params={"only": "nobody"}).status_code == 400
        assert "providers" in client.get("/requests").json()
        assert client.get("/outbox").json() == []
