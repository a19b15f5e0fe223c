"""A worker's parts over the session's engines, driven step by step; a Stripe that says its time."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate

import pytest

from core.connections import Connection, ConnectionStore
from core.database import Database
from core.inbox import APPEND, Arrival, append_values
from core.tenancy import TenantId, new_id
from pipelines.inbox.refetching import Refetcher
from pipelines.inbox.worker import Worker, apply_share, opened
from pipelines.ingest import prepare_warehouse
from pipelines.raw import RawTable
from pipelines.stripe.client import API_VERSION
from tests.pipelines.fake_stripe import serving


class KilledError(Exception):
    """The worker dies here: what it has not committed never was."""


@dataclass
class Mortal:
    """A database whose next transaction does everything and dies before its commit."""

    database: Database
    dies: bool = False

    @contextmanager
    def system(self):
        with self.database.system() as rows:
            yield rows
            if self.dies:
                self.dies = False
                raise KilledError

    def close(self) -> None:
        self.database.close()


@dataclass
class Provider:
    """Stripe, as far as one object can be asked for: its clock, its objects, by path."""

    now: int = 0
    objects: dict[str, dict] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int = 200

    def answer(self, path, query, _):
        self.asked.append(path)
        headers = {"Date": formatdate(self.now, usegmt=True)}
        if self.status != 200 or path not in self.objects:
            status = self.status if self.status != 200 else 404
            return status, headers, b'{"error": {"message": "No such object"}}'
        return 200, headers, json.dumps(self.objects[path]).encode()


@dataclass
class Engine:
    """The worker's parts, and what the stores hold."""

    worker: Worker
    application: Database
    store: ConnectionStore
    provider: Provider
    api_url: str

    @property
    def database(self) -> Mortal:
        return self.worker.database

    def connect(self, provider: str = "stripe", api_url: str = "") -> Connection:
        tenant = TenantId(new_id("ws"))
        with self.application.tenant(tenant) as rows:
            rows.execute("insert into workspaces (id, name) values (%s, 'A')", [str(tenant)])
        return self.store.connect(
            tenant, provider=provider, name="A", provider_account_id=new_id("acct"),
            api_url=api_url or self.api_url, credentials={"api_key": "sk_test_1"},
        )  # fmt: skip

    def deliver(self, connection: Connection, *bodies: dict | bytes) -> None:
        arrivals = [
            Arrival(
                str(connection.tenant), connection.provider, connection.id,
                body["id"] if isinstance(body, dict) else new_id("raw"),
                json.dumps(body).encode() if isinstance(body, dict) else body,
            )
            for body in bodies
        ]  # fmt: skip
        with self.worker.database.database.system() as rows:
            rows.execute(APPEND, append_values(arrivals))

    def apply(self, store: str) -> int:
        return apply_share(self.worker, store)

    def drain(self) -> None:
        refetcher = Refetcher(self.worker.settings, self.worker.database, self.store)
        try:
            while self.apply("postgres") + self.apply("clickhouse") + refetcher.turn():
                pass
        finally:
            refetcher.close()

    def latest(self, connection: Connection) -> dict[str, tuple[bool, dict]]:
        with self.worker.database.database.system() as rows:
            found = rows.execute(
                "select object || ' ' || id as name, is_deleted, payload from latest_objects"
                " where workspace_id = %s",
                [str(connection.tenant)],
            ).fetchall()
        return {row["name"]: (row["is_deleted"], row["payload"]) for row in found}

    def landed(self, connection: Connection, name: str) -> dict[str, dict]:
        found = self.worker.warehouse().rows(
            f"select id, payload from {RawTable(connection.provider, name).name} final"
            " where workspace_id = {workspace:String}",
            {"workspace": str(connection.tenant)},
        )
        return {row["id"]: json.loads(row["payload"]) for row in found}

    def tasks(self, connection: Connection) -> list[dict]:
        with self.worker.database.database.system() as rows:
            return rows.execute(
                "select stage, subject, cause, attempts, next_attempt_at is null as is_dead"
                " from event_tasks where workspace_id = %s order by stage, subject",
                [str(connection.tenant)],
            ).fetchall()


@pytest.fixture(scope="module")
def engine(engines) -> Iterator[Engine]:
    settings = engines.model_copy(update={"stripe_requests_per_second": 1000.0})
    prepare_warehouse(settings)
    provider = Provider()
    with serving(provider.answer) as url, opened(settings, threading.Event()) as worker:
        worker.database = Mortal(worker.database)
        store = ConnectionStore(worker.application, worker.box)
        yield Engine(worker, worker.application, store, provider, url)


def event(number, created: int, kind: str, body: dict, version: str | None = API_VERSION) -> dict:
    return {
        "id": f"evt_{number}", "object": "event", "created": created, "type": kind,
        "api_version": version, "data": {"object": body},
    }  # fmt: skip


def customer(number: int, **fields) -> dict:
    return {"id": f"cus_{number}", "object": "customer", **fields}
