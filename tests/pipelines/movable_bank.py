"""How do tests of banks run a provider's reader by hand? Over a sandbox whose clock they move."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import msgspec

from core.connections import Connection
from core.settings import Settings
from core.tenancy import TenantId
from pipelines.batches import Sink
from pipelines.reading import ProviderRun
from pipelines.reports import ConnectionOutcome
from pipelines.window import Window
from sandbox.process import RunningSandbox, running_sandbox

BEGINNING = datetime.fromisoformat("2026-10-08T12:00:00+00:00")


@dataclass(frozen=True)
class Bank:
    """A sandbox that stands at `BEGINNING` until it is moved."""

    sandbox: RunningSandbox

    def admin(self, method: str, place: str, **body: Any) -> Any:
        """Ask the sandbox itself."""
        url = f"{self.sandbox.url}/_sandbox/{place}"
        return httpx.request(method, url, json=body or None, trust_env=False).json()

    def move_to(self, moment: datetime) -> None:
        """Set the clock, and let it stand."""
        self.admin("POST", "clock", now=moment.isoformat(), frozen=True)

    def fault(self, kind: str, path: str, **more: Any) -> None:
        """Add a fault for the next request to a path."""
        self.admin("POST", "faults", kind=kind, path=path, **{"next": 1, **more})

    def lines(self, provider: str, *accounts: str) -> dict[str, dict[str, Any]]:
        """Return what the bank shows of some accounts now, under the provider's ids."""
        found = [line for name in accounts for line in self.sandbox.truth("bank_lines", only=name)]
        return {line["wire_ids"][provider]: line for line in found}


@contextmanager
def movable_bank(folder: Path) -> Iterator[Bank]:
    """Run a small company's sandbox."""
    options = ("--scale", "40", "--seed", "11", "--until", "2026-11-20")
    with running_sandbox(folder, *options) as running:
        yield Bank(running)


@dataclass
class Landed:
    """What a connection's runs have landed so far, and what it remembers."""

    package: ModuleType
    connection: Connection
    settings: Settings
    state: dict[str, Any] = field(default_factory=dict)
    # Per object: id to (version, is_deleted, payload), the newest.
    objects: dict[str, dict[str, tuple[int, int, bytes]]] = field(default_factory=dict)
    every_id: set[str] = field(default_factory=set)

    async def run(
        self, window: Window | None = None, objects: list[str] | None = None
    ) -> ConnectionOutcome:
        """Run the reader to its end."""
        run: ProviderRun = self.package.start(
            self.settings, [self.connection], window=window, objects=objects, chunk_rows=10_000
        )
        sink = Sink()
        await run.work(sink, self.state)
        sink.finish()
        while (batch := await sink.next_batch()) is not None:
            known = self.objects.setdefault(batch.resource, {})
            for row in batch.rows.to_pylist():
                self.every_id.add(row["id"])
                state = (row["version"], row["is_deleted"], row["payload"].encode())
                if row["id"] not in known or state[0] >= known[row["id"]][0]:
                    known[row["id"]] = state
        assert run.is_done
        (outcome,) = run.outcomes()
        return outcome

    def live(self, name: str) -> dict[str, Any]:
        """Return the newest state of an object's rows that are not deleted, decoded."""
        rows = self.objects.get(name, {})
        return {key: msgspec.json.decode(body) for key, (_, gone, body) in rows.items() if not gone}


def connection(provider: str, url: str, token: str, workspace: str = "ws_a") -> Connection:
    """Return a connection to the sandbox's provider."""
    return Connection(
        TenantId(workspace), "conn_bank", provider, "Bank", "item", url, {"access_token": token}
    )
