"""How does a request reach a provider beside Stripe? By its first path segment, past the faults."""

from __future__ import annotations

import asyncio
import sys
import traceback
from pathlib import Path

from sandbox.clock import Clock
from sandbox.faults import COMMON, Fault, Faults, ProviderFaults
from sandbox.meters import Meters
from sandbox.outbox import Outbox
from sandbox.provider import ProviderApp, Stage
from sandbox.providers import APPS
from sandbox.traffic import nameless
from sandbox.wire import Answer, Request, json_answer
from sandbox.world import World


class Gate:
    """The providers of one world."""

    def __init__(self, world: World, clock: Clock, faults: Faults, data: Path) -> None:
        """Open a gate to every provider; their folders lie under `data`."""
        self.world, self.clock, self.faults, self.data = world, clock, faults, data
        self.meters, self.outbox = Meters(), Outbox(clock)
        self.apps: dict[str, ProviderApp] = {}
        for name, make in APPS.items():
            folder = data / name
            folder.mkdir(parents=True, exist_ok=True)
            view = ProviderFaults(faults, name)
            self.apps[name] = make(Stage(world, clock, folder, view, self.meters, self.outbox))
            faults.kinds |= self.apps[name].fault_kinds

    def serves(self, request: Request) -> bool:
        """Whether a request is for one of these providers."""
        return _first(request.path) in self.apps

    async def answer(self, request: Request) -> tuple[Answer, bool]:
        """The provider's answer, and whether it may be sent whole."""
        name = _first(request.path)
        app = self.apps[name]
        fault = self.faults.strike(request.path, COMMON)
        request.path = request.path[len(name) + 1 :] or "/"
        credential = app.credential(request)
        self.meters.enter(name, credential)
        status = 0
        try:
            if fault is not None and fault.kind in ("timeout", "slow"):
                await asyncio.sleep(fault.seconds)
            if fault is not None and fault.kind == "timeout":
                return Answer(200, b"  "), False
            answer = _ask(app, request, fault)
            whole = fault is None or fault.kind != "cut"
            status = answer.status if whole else 0
            return answer, whole
        finally:
            path = f"{request.method} {nameless(request.path)}"
            self.meters.leave(name, credential, path, status, self.clock.now())


def _first(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""


def _ask(app: ProviderApp, request: Request, fault: Fault | None) -> Answer:
    if fault is not None and fault.kind in ("rate_limit", "error"):
        return app.refuse(fault, request)
    try:
        answer = app.handle(request)
    except Exception:  # noqa: BLE001 - a defect of the sandbox answers 500, and says so on stderr
        traceback.print_exc()
        sys.stderr.flush()
        return json_answer({"error": "The sandbox failed; see its standard error."}, 500)
    if fault is not None and fault.kind == "malformed_row" and answer.status == 200:
        return app.spoil(answer, request)
    return answer
