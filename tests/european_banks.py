"""What do the tests of GoCardless and Enable Banking share? A sandbox, and consents given there."""

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from pydantic import SecretStr

from core.connections import Connection
from core.settings import Settings
from core.tenancy import TenantId
from linking.flow import Flow, Linked, LinkRequest
from pipelines.batches import Sink
from pipelines.reports import ConnectionOutcome
from pipelines.window import Window
from sandbox.company.banking import Bank
from sandbox.enablebanking.application import application
from sandbox.gocardless.app import SECRET_ID, SECRET_KEY
from sandbox.process import RunningSandbox, running_sandbox
from sandbox.world import World
from tests.another_day import AHEAD

SEED = 7
A_MINUTE = 100_000  # tests would wait for GoCardless's hundred
HANSA = {"institution_id": "HANSA_HANDELSBANK_HNSADEHH"}
KARTEN = {"institution_id": "KARTEN_DIREKT_KADIDE3B"}
HANSA_AT_ENABLE = {"aspsp": "Hansa Handelsbank", "country": "DE"}
AMSTEL = {"aspsp": "Amstel Bank", "country": "NL"}
CALLBACK = "http://127.0.0.1:9/callback"
STATES = (f"state_{number:04d}" for number in itertools.count())

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class EuropeanBanks:
    """The demo company's euro banks behind both providers."""

    sandbox: RunningSandbox
    key_file: Path

    @cached_property
    def bank(self) -> Bank:
        """The truth about every account and line."""
        return World.of(SEED, self.sandbox.books).bank

    def configure(self, settings: Settings) -> Settings:
        """Return settings whose two providers are the sandbox's."""
        return settings.model_copy(
            update={
                "gocardless_secret_id": SECRET_ID,
                "gocardless_secret_key": SecretStr(SECRET_KEY),
                "gocardless_api_url": f"{self.sandbox.url}/gocardless",
                "gocardless_calls_per_minute": A_MINUTE,
                "enablebanking_application_id": application(self.key_file.parents[1]).id,
                "enablebanking_private_key_file": self.key_file,
                "enablebanking_api_url": f"{self.sandbox.url}/enablebanking",
            }
        )

    def link(
        self,
        flow: Flow,
        choice: Mapping[str, str],
        *,
        renews: Mapping[str, str] | None = None,
        more: str = "",
    ) -> Linked:
        """Consent at the bank; `more` goes to the bank's page (`&decline`)."""
        settings, state = self.configure(Settings()), next(STATES)
        started = flow.start(settings, LinkRequest(CALLBACK, state, "ws_test", choice, renews))
        mark = "" if not more else "&" if "?" in started.url else "?"
        answer = httpx.get(f"{started.url}{mark}{more}")
        assert answer.status_code == 302
        returned = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        assert returned["state"] == state
        return flow.finish(settings, started.kept, returned)

    def connect(
        self,
        flow: Flow,
        choice: Mapping[str, str],
        *,
        workspace: str = "ws_test",
        renews: Connection | None = None,
    ) -> Connection:
        """Return a connection to a bank, or the same one with a new consent."""
        linked = self.link(flow, choice, renews=renews.credentials if renews else None)
        return Connection(
            TenantId(workspace), renews.id if renews else f"conn_{next(STATES)}", flow.provider,
            linked.name, linked.account_id, linked.api_url, linked.credentials,
        )  # fmt: skip

    def strike(self, kind: str, path: str, **more: Any) -> None:
        """Let a fault strike the next request to a path."""
        rule = {"kind": kind, "path": path, "next": 1, **more}
        httpx.post(f"{self.sandbox.url}/_sandbox/faults", json=rule).raise_for_status()

    def advance(self, seconds: int) -> None:
        """Move the sandbox's clock."""
        url = f"{self.sandbox.url}/_sandbox/clock"
        httpx.post(url, json={"advance_seconds": seconds}).raise_for_status()


@contextmanager
def running_banks(folder: Path, *options: str) -> Iterator[EuropeanBanks]:
    """Run a sandbox with a small company; `options` are further ones of the sandbox."""
    told = ("--scale", "20", "--seed", str(SEED), *options)
    with running_sandbox(folder, *told, program=("tests.another_day", str(AHEAD))) as running:
        limits = {"accounts_per_minute": A_MINUTE}
        httpx.post(f"{running.url}/gocardless/_limits", json=limits).raise_for_status()
        yield EuropeanBanks(running, application(folder).key_file)


def read(
    package: ModuleType,
    settings: Settings,
    connections: list[Connection],
    state: dict[str, Any],
    *,
    window: Window | None = None,
    chunk_rows: int = 100_000,
    chunks: int = 50,
) -> tuple[Rows, tuple[ConnectionOutcome, ...]]:
    """Run a provider's reader without dlt: `state` is what dlt would keep.

    `chunks` of the run are made and no more: a run that is killed has made fewer.
    """
    run = package.start(settings, connections, window=window, objects=None, chunk_rows=chunk_rows)
    rows: Rows = {}
    for _ in range(chunks):
        if run.is_done:
            break
        for resource, found in asyncio.run(_chunk(run, state)).items():
            rows.setdefault(resource, []).extend(found)
    return rows, run.outcomes()


async def _chunk(run: Any, state: dict[str, Any]) -> Rows:
    sink = Sink()
    await run.work(sink, state)
    sink.finish()
    rows: Rows = {}
    while (batch := await sink.next_batch()) is not None:
        rows.setdefault(batch.resource, []).extend(batch.rows.to_pylist())
    return rows
