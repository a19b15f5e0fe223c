"""How is the sandbox put together and served?

Generates or reopens the data folder, then listens on loopback.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from pathlib import Path
from typing import Any

import uvicorn

from sandbox.admin import Admin
from sandbox.clock import Clock
from sandbox.company.books import Books
from sandbox.faults import KINDS, Fault, Faults, spoil_list
from sandbox.gate import Gate
from sandbox.stripe import portal
from sandbox.stripe.account import Account
from sandbox.stripe.app import StripeApp, encode_error, key_of, rate_limited
from sandbox.stripe.errors import StripeError
from sandbox.stripe.generate import CompanySpec, generate
from sandbox.stripe.store import Store
from sandbox.stripe.webhooks import Courier
from sandbox.traffic import Limiter, Traffic
from sandbox.wire import Answer, Request
from sandbox.world import World

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class CutConnectionError(Exception):
    """Raised after half an answer, so that the server closes the connection."""


def account_key(number: int) -> str:
    """The secret key of account number `number` (from 1)."""
    return f"sk_test_northwind_{number}"


def open_account(data: Path, spec: CompanySpec, number: int) -> Account:
    """Reopen an account's store, or generate its company when the folder holds another or none."""
    path, books = data / f"stripe_{number}.sqlite", data / f"books_{number}.sqlite"
    if not _holds(path, spec):
        for name in (path.name, books.name):
            for part in data.glob(f"{name}*"):
                part.unlink()

        def progress(done: int) -> None:
            sys.stderr.write(f"generating company {number}: {done}/{spec.scale} customers\n")
            sys.stderr.flush()

        generate(spec, path, books, progress)
    store = Store(path)
    store.serve()
    return Account(
        id=f"acct_1Northwind{number:04d}",
        key=account_key(number),
        name="Northwind Analytics" if number == 1 else f"Northwind Analytics {number}",
        store=store,
        books=Books(books),
        until_at=spec.until_at,
        events_from=int(store.meta("events_from") or 0),
    )


def _holds(path: Path, spec: CompanySpec) -> bool:
    if not path.exists():
        return False
    store = Store(path)
    same = store.meta("fingerprint") == spec.fingerprint
    store.close()
    return same


class Sandbox:
    """The ASGI application: reads a request, lets faults strike, asks Stripe or the admin."""

    def __init__(
        self, accounts: list[Account], clock: Clock, per_second: int | None, seed: int, data: Path
    ) -> None:
        """Serve these accounts, and the first one's world at the other providers."""
        self.faults, self.traffic, self.limiter = Faults(seed), Traffic(), Limiter(per_second)
        self.clock = clock
        self.courier = Courier(clock, self.faults)
        self.stripe = StripeApp(accounts, clock, self.limiter, self.courier)
        self.portal = portal.Portal(self.stripe)
        self.gate = Gate(World.of(seed, accounts[0].books), clock, self.faults, data)
        self.admin = Admin(
            accounts, clock, self.faults, self.traffic, self.limiter, self.courier, self.gate
        )

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"the sandbox speaks HTTP, not {scope['type']}")
        request = await _read(scope, receive)
        if self.gate.serves(request):
            await self._pass(request, send)
            return
        if request.path.startswith(portal.PREFIX):
            await _send(send, self.portal.handle(request), self.clock.now())
            return
        if not request.path.startswith("/v1/"):
            await _send(send, self.admin.handle(request), self.clock.now())
            return
        fault = self.faults.strike(request.path, KINDS)
        if fault is not None and fault.kind == "timeout":
            self.traffic.saw(request.method, request.path, 0)
            await asyncio.sleep(fault.seconds)
            # Without the beginning of an answer the server would send one of its own.
            await _send(send, Answer(200, b"  "), self.clock.now(), half=True)
            raise CutConnectionError
        key = key_of(request.headers.get("authorization"))
        self.gate.meters.enter("stripe", key)
        answer = self.answer(request, fault)
        self.gate.meters.leave("stripe", key, "", answer.status, self.clock.now())
        self.traffic.saw(request.method, request.path, answer.status)
        if fault is not None and fault.kind == "cut":
            await _send(send, answer, self.clock.now(), half=True)
            raise CutConnectionError
        await _send(send, answer, self.clock.now())

    async def _pass(self, request: Request, send: Send) -> None:
        """Let another provider answer, or break off where a fault says so."""
        answer, whole = await self.gate.answer(request)
        await _send(send, answer, self.clock.now(), half=not whole)
        if not whole:
            raise CutConnectionError

    def answer(self, request: Request, fault: Fault | None) -> Answer:
        """Stripe's answer, or the one that a fault puts in its place."""
        if fault is not None and fault.kind == "rate_limit":
            error = rate_limited(fault.retry_after)
            return Answer(
                429, encode_error(error, "req_fault"), {"request-id": "req_fault", **error.headers}
            )
        if fault is not None and fault.kind == "error":
            error = StripeError(500, "api_error", "An unknown error occurred.")
            return Answer(500, encode_error(error, "req_fault"), {"request-id": "req_fault"})
        try:
            answer = self.stripe.handle(request)
        except Exception:  # noqa: BLE001 - a defect of the sandbox answers as Stripe's own would, and says so on stderr
            traceback.print_exc()
            error = StripeError(500, "api_error", "The sandbox failed; see its standard error.")
            return Answer(500, encode_error(error, "req_defect"), {"request-id": "req_defect"})
        if fault is not None and answer.status == 200 and fault.kind != "cut":
            answer.body = spoil_list(fault.kind, answer.body, self.faults.random)
        return answer


async def _read(scope: Message, receive: Receive) -> Request:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(
        scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body
    )


async def _send(send: Send, answer: Answer, now: int, half: bool = False) -> None:
    headers = {
        "content-type": answer.content_type, "content-length": str(len(answer.body)),
        "date": formatdate(now, usegmt=True), **answer.headers,
    }  # fmt: skip
    pairs = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    if half:
        await send(
            {
                "type": "http.response.body",
                "body": answer.body[: len(answer.body) // 2],
                "more_body": True,
            }
        )
        return
    await send({"type": "http.response.body", "body": answer.body})


class _Server(uvicorn.Server):
    """Says on stdout, in one JSON line, where it listens, once it does."""

    accounts: list[Account]

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        known = [
            {"id": account.id, "key": account.key, "books": f"/_sandbox/books?account={account.id}"}
            for account in self.accounts
        ]
        sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{port}", "accounts": known}) + "\n")
        sys.stdout.flush()


def serve(
    accounts: list[Account], port: int, clock: Clock, per_second: int | None, seed: int, data: Path
) -> None:
    """Listen on loopback until stopped."""
    sandbox = Sandbox(accounts, clock, per_second, seed, data)
    config = uvicorn.Config(
        sandbox, host="127.0.0.1", port=port, log_level="critical", access_log=False,
        server_header=False, date_header=False, lifespan="off",
        ws="none",
    )  # fmt: skip
    server = _Server(config)
    server.accounts = accounts
    server.run()
    for account in accounts:
        account.store.close()
