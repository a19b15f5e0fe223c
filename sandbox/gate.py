"""How does a request reach a provider beside Stripe? By its first path segment, past the faults."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

from sandbox.clock import Clock
from sandbox.faults import COMMON, Fault, Faults, ProviderFaults
from sandbox.meters import Meters
from sandbox.outbox import Outbox
from sandbox.provider import MakeApp, ProviderApp, Stage
from sandbox.providers import APPS
from sandbox.wire import Answer, Request, json_answer
from sandbox.world import World

# Long segments with a digit are ids, of whatever look; `2.0` and `v2` are not.
_IDENTITY = re.compile(r"/(?=[^/]*[0-9])[^/]{6,}")


class Gate:
    """The providers of one world."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults,
        data: Path,
        apps: Mapping[str, MakeApp] = APPS,
    ) -> None:
        """Open a gate to every provider; their folders lie under `data`."""
        self.world, self.clock, self.faults, self.data = world, clock, faults, data
        self.meters, self.outbox = Meters(), Outbox(clock)
        self.apps: dict[str, ProviderApp] = {}
        for name, make in apps.items():
            folder = _folder(data / name, world)
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
        credential = _credential(app, request)
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
            path = f"{request.method} {_IDENTITY.sub('/{id}', request.path)}"
            self.meters.leave(name, credential, path, status, self.clock.now())


def _folder(folder: Path, world: World) -> Path:
    """A provider's folder, emptied when what lies there is of another company."""
    note = folder / "company"
    if not note.exists() or note.read_text() != world.fingerprint:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        note.write_text(world.fingerprint)
    return folder


def _first(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""


def _credential(app: ProviderApp, request: Request) -> str:
    try:
        return app.credential(request)
    except (ValueError, KeyError, TypeError, AttributeError):
        # A body or header that nobody can read belongs to nobody; the application refuses it.
        return ""


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
