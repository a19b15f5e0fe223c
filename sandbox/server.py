"""How is the sandbox put together and served? Generates or reopens the data folder, then listens on loopback."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.stripe.account import Account
from sandbox.stripe.app import StripeApp
from sandbox.stripe.generate import CompanySpec, generate
from sandbox.stripe.store import Store

METHODS = ["GET", "POST", "DELETE"]


def account_key(number: int) -> str:
    """The secret key of account number `number` (from 1)."""
    return f"sk_test_northwind_{number}"


def open_account(data: Path, spec: CompanySpec, number: int) -> Account:
    """Reopen an account's store, or generate its company when the folder holds another or none."""
    path = data / f"stripe_{number}.sqlite"
    if path.exists():
        store = Store(path)
        if store.meta("fingerprint") == spec.fingerprint:
            store.serve()
            return _account(store, number)
        store.close()
        for part in data.glob(f"stripe_{number}.sqlite*"):
            part.unlink()

    def progress(done: int) -> None:
        print(f"generating company {number}: {done}/{spec.scale} customers", file=sys.stderr, flush=True)

    generate(spec, path, progress)
    store = Store(path)
    store.serve()
    return _account(store, number)


def _account(store: Store, number: int) -> Account:
    return Account(
        id=f"acct_1Northwind{number:04d}",
        key=account_key(number),
        name="Northwind Analytics" if number == 1 else f"Northwind Analytics {number}",
        store=store,
        until_at=int(store.meta("until_at") or 0),
        events_from=int(store.meta("events_from") or 0),
    )


def build_app(accounts: list[Account]) -> Starlette:
    """The sandbox's ASGI application."""
    stripe = StripeApp(accounts)

    async def health(request: object) -> JSONResponse:
        return JSONResponse({"status": "ok", "accounts": [{"id": account.id, "key": account.key} for account in accounts]})

    return Starlette(routes=[
        Route("/_sandbox/health", health),
        Route("/v1/{path:path}", stripe.handle, methods=METHODS),
    ])  # fmt: skip


class _Server(uvicorn.Server):
    """Says on stdout where it listens, once it does."""

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        port = self.servers[0].sockets[0].getsockname()[1]
        print(f"sandbox ready at http://127.0.0.1:{port}", flush=True)


def serve(accounts: list[Account], port: int) -> None:
    """Listen on loopback until stopped."""
    config = uvicorn.Config(build_app(accounts), host="127.0.0.1", port=port, log_level="warning", access_log=False, server_header=False)
    _Server(config).run()
