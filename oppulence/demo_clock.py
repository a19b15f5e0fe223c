"""How does the demo's company fail once more, on a clock of its own? A copy of its Stripe account.

As a test clock of Stripe's: time moves only when it is told to, and the account behind the clock is
not the company's own, which goes on untouched. The copy lies beside it in the data folder.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from core.settings import Settings
from oppulence.demo_sandbox import SANDBOX_KEY
from sandbox.process import running_sandbox
from sandbox.stripe.store import Store


@dataclass
class Clock:
    """The copied account and its time."""

    stripe: httpx.Client
    now: datetime
    newest: str = ""

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
        events: list[dict[str, Any]] = []
        while True:
            page = self.stripe.get("/v1/events", params={"limit": 100, **cursor}).json()
            if self.newest:  # page by page towards now
                events = [*page["data"], *events]
                cursor = {"ending_before": page["data"][0]["id"]} if page["data"] else {}
            else:  # the first time from now to the beginning
                events += page["data"]
                cursor = {"starting_after": page["data"][-1]["id"]} if page["data"] else {}
            if not page["has_more"]:
                break
        if events:
            self.newest = events[0]["id"]
        return [event["data"]["object"] for event in reversed(events) if not _is_ours(event)]

    def _post(self, path: str, wanted: dict[str, Any]) -> Any:
        answer = self.stripe.post(path, json=wanted)
        answer.raise_for_status()
        return answer.json()


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


def ledger(settings: Settings) -> dict[str, tuple[int, datetime]]:
    """Return what was paid through Stripe on each of its invoices, and when: its own ledger."""
    store = Store(folder_of(settings) / "stripe_1.sqlite")
    try:
        return {
            fact["invoice"]: (fact["amount"], datetime.fromtimestamp(fact["at"], UTC))
            for fact in store.facts()
            if fact["fact"] == "invoice_paid" and not fact["out_of_band"]
        }
    finally:
        store.close()
