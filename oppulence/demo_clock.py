"""How does the demo's company fail once more, on a clock of its own? A copy of its Stripe account.

As a test clock of Stripe's: time moves only when it is told to, and the account behind the clock is
not the company's own, which goes on untouched. The copy lies beside it in the data folder.
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from core.settings import Settings
from oppulence.demo_sandbox import SANDBOX_KEY
from sandbox.process import running_sandbox
from sandbox.stripe.store import Store


class _Page(msgspec.Struct, gc=False):
    data: list[msgspec.Raw]
    has_more: bool


_PAGE = msgspec.json.Decoder(_Page)


@dataclass
class Clock:
    """The copied account and its time."""

    stripe: httpx.Client
    now: datetime
    newest: str = ""
    # Every event so far, byte for byte and oldest first: as webhooks would have brought them.
    told: list[bytes] = field(default_factory=list)

    def fail_again(self, most: int) -> list[dict[str, Any]]:
        """Let the company's newest failures happen again, now."""
        return list(self._post("/_sandbox/failures", {"most": most, "account": SANDBOX_KEY}))

    def travel(self, to: datetime) -> None:
        """Move on; Stripe does what it does by itself meanwhile."""
        wanted = {"now": to.isoformat(), "frozen": True, "lives": SANDBOX_KEY}
        self._post("/_sandbox/clock", wanted)
        self.now = to

    def bring_card(self, customer: str, subscription: str) -> None:
        """Do as a payer who enters another card, which works."""
        answer = self.stripe.post(
            "/v1/payment_methods/pm_card_visa/attach", data={"customer": customer}
        )
        answer.raise_for_status()
        card = answer.json()["id"]
        for path, name in (
            (f"/v1/customers/{customer}", "invoice_settings[default_payment_method]"),
            (f"/v1/subscriptions/{subscription}", "default_payment_method"),
        ):
            self.stripe.post(path, data={name: card}).raise_for_status()

    def news(self) -> list[dict[str, Any]]:
        """Return the objects that events tell of since the last time, oldest event first.

        What our own requests changed is left out: their answers told it.
        """
        cursor = {"ending_before": self.newest} if self.newest else {}
        events: list[msgspec.Raw] = []
        while True:
            answer = self.stripe.get("/v1/events", params={"limit": 100, **cursor})
            page = _PAGE.decode(answer.content)
            if self.newest:  # page by page towards now
                events = [*page.data, *events]
                cursor = {"ending_before": _id(page.data[0])} if page.data else {}
            else:  # the first time from now to the beginning
                events += page.data
                cursor = {"starting_after": _id(page.data[-1])} if page.data else {}
            if not page.has_more:
                break
        if events:
            self.newest = _id(events[0])
        told = [bytes(event) for event in reversed(events)]
        self.told += told
        read = [json.loads(event) for event in told]
        return [event["data"]["object"] for event in read if not _is_ours(event)]

    def read(self, kind: str, ids: Sequence[str]) -> dict[str, bytes]:
        """Return objects of `/v1/<kind>` as the account shows them."""
        found = {}
        for one in ids:
            answer = self.stripe.get(f"/v1/{kind}/{one}")
            answer.raise_for_status()
            found[one] = answer.content.strip()
        return found

    def payments(self, invoices: Sequence[str]) -> dict[str, bytes]:
        """Return what pays invoices, as the account lists it."""
        found: dict[str, bytes] = {}
        for invoice in invoices:
            answer = self.stripe.get("/v1/invoice_payments", params={"invoice": invoice})
            answer.raise_for_status()
            page = _PAGE.decode(answer.content)
            found |= {_id(one): bytes(one) for one in page.data}
        return found

    def _post(self, path: str, wanted: dict[str, Any]) -> Any:
        answer = self.stripe.post(path, json=wanted)
        answer.raise_for_status()
        return answer.json()


def _id(event: msgspec.Raw) -> str:
    return str(json.loads(bytes(event))["id"])


def _is_ours(event: dict[str, Any]) -> bool:
    return str(event["request"]["idempotency_key"] or "").startswith("act_")


def folder_of(settings: Settings) -> Path:
    """Return where the copied company lies."""
    return settings.data_dir / "sandbox_clock"


@contextmanager
def company_on_a_clock(settings: Settings, begins: datetime) -> Iterator[Clock]:
    """Copy the company of the data folder as it is, and serve the copy at another time.

    Raises:
        RuntimeError: It did not start.
    """
    source, folder = settings.data_dir / "sandbox", folder_of(settings)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(source / "company.json", folder)
    for name in ("stripe_1.sqlite", "books_1.sqlite"):
        with sqlite3.connect(source / name) as held, sqlite3.connect(folder / name) as copy:
            held.backup(copy)
            if name.startswith("stripe"):  # of what the company has done nothing is news
                copy.execute("delete from objects where kind = 'event'")
                copy.execute("update meta set value = '0' where name = 'events_from'")
        held.close()
        copy.close()
    with (
        running_sandbox(folder, "--clock", begins.isoformat()) as running,
        httpx.Client(base_url=running.url, auth=(SANDBOX_KEY, ""), timeout=60) as stripe,
    ):
        clock = Clock(stripe, begins)
        clock.travel(begins)
        yield clock


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment of an invoice, as the account's own ledger has it.

    Attributes:
        amount_minor: How much.
        paid_at: When.
        settles_at: From when it can be paid out.
    """

    amount_minor: int
    paid_at: datetime
    settles_at: datetime


def ledger(settings: Settings) -> dict[str, Paid]:
    """Return what was paid through Stripe on each of its invoices: its own ledger."""
    store = Store(folder_of(settings) / "stripe_1.sqlite")
    try:
        return {
            fact["invoice"]: Paid(
                fact["amount"], _moment(fact["at"]), _moment(_available_on(store, fact["invoice"]))
            )
            for fact in store.facts()
            if fact["fact"] == "invoice_paid" and not fact["out_of_band"]
        }
    finally:
        store.close()


def _available_on(store: Store, invoice: str) -> int:
    """Return from when the money of a paid invoice can be paid out: its payment's entry says so."""
    (payment,) = (
        one for one in _below(store, invoice, "invoice_payment") if one["status"] == "paid"
    )
    intent = json.loads(store.body(payment["payment"]["payment_intent"]) or "{}")
    charge = json.loads(store.body(intent["latest_charge"]) or "{}")
    entry = json.loads(store.body(charge["balance_transaction"]) or "{}")
    return int(entry["available_on"])


def _below(store: Store, parent: str, kind: str) -> list[dict[str, Any]]:
    found = store.page("kind = ? and parent = ?", [kind, parent], 100, backwards=False)
    return [json.loads(body) for body in found]


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
