"""How does what happened on the test clock reach the warehouse? As events do: by the inbox.

    events of the account ──────────────► inbox ─► latest state, raw tables ─► typed layer ─► marts
    what they leave open, asked for ────► inbox ↗
    what no event tells (movements of the balance, which payment an unpaid
        invoice waits for), read as a poll reads it ─────────────────────────────► inbox ↗

Once, when the forty days are over, in as few inserts as it takes.
"""

import json
from collections.abc import Sequence
from threading import Event

from core.clock import epoch_microseconds
from core.connections import Connection, ConnectionStore
from core.inbox import APPEND, Arrival, append_values
from core.settings import Settings
from oppulence.demo_clock import Clock
from pipelines.inbox.refetching import Refetcher
from pipelines.inbox.worker import Worker, apply_share, opened


def land(settings: Settings, account: Connection, clock: Clock) -> None:
    """Land everything that the account told, while it can still be asked.

    Raises:
        OppulenceError: An engine or the account's sandbox does not answer.
    """
    events = [json.loads(event) for event in clock.told]
    arrivals = [
        _arrival(account, event["id"], payload)
        for event, payload in zip(events, clock.told, strict=True)
    ]
    objects = [event["data"]["object"] for event in events]
    invoices = sorted({one["id"] for one in objects if one["object"] == "invoice"})
    booked = {one.get("balance_transaction") for one in objects if one["object"] == "charge"}
    read = {
        "balance_transaction": clock.read("balance_transactions", sorted(booked - {None})),
        "invoice_payment": clock.payments(invoices),
    }
    arrivals += [
        _read(account, clock, name, identity, payload)
        for name, found in read.items()
        for identity, payload in found.items()
    ]
    with opened(settings, Event()) as worker:
        _apply(settings, worker, arrivals)


def _apply(settings: Settings, worker: Worker, arrivals: Sequence[Arrival]) -> None:
    """Apply it all: first what asks for more, then ClickHouse at once."""
    with worker.database.system() as rows:
        rows.execute(APPEND, append_values(arrivals))
    connections = ConnectionStore(worker.application, worker.box)
    refetcher = Refetcher(settings, worker.database, connections)
    try:
        while apply_share(worker, "postgres") + refetcher.turn():
            pass
    finally:
        refetcher.close()
    while apply_share(worker, "clickhouse"):
        pass


def _arrival(account: Connection, event_id: str, payload: bytes) -> Arrival:
    return Arrival(str(account.tenant), account.provider, account.id, event_id, payload)


def _read(account: Connection, clock: Clock, name: str, identity: str, payload: bytes) -> Arrival:
    return Arrival(
        str(account.tenant), account.provider, account.id, f"read_{identity}", payload,
        kind="object", origin="poll", object=name, object_id=identity,
        version=epoch_microseconds(clock.now),
    )  # fmt: skip
