"""How does a company become a Stripe account?

Lives are streamed through the projection into the store.

Memory does not grow with the number of customers: one life at a time is held,
and the sums of the payout
slots (a few per day). Balance transactions carry their slot,
so a payout's members are a range of slots.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sandbox.company.books import BookKeeper
from sandbox.company.calendar import DAY, add_months, midnight
from sandbox.company.entries import entries_of
from sandbox.company.facts import Entry
from sandbox.company.life import live
from sandbox.company.treasury import BANK_ACCOUNTS, Movement, Payout, movements, payouts, slot_of
from sandbox.stripe import shapes_money as shapes
from sandbox.stripe.projection import Projection
from sandbox.stripe.render_catalog import Row
from sandbox.stripe.render_payments import render_entry
from sandbox.stripe.store import Store
from sandbox.stripe.template import embedded_list, quoted

GENERATOR_VERSION = "1"
MONTHS = 18
_BATCH = 400


@dataclass(frozen=True, slots=True)
class CompanySpec:
    """What a company is made from; equal specs give equal bytes."""

    seed: int
    scale: int
    until: date
    event_days: int = 30

    @property
    def until_at(self) -> int:
        """The company's last moment: the first second of `until`, UTC."""
        return midnight(self.until)

    @property
    def start_at(self) -> int:
        """The company's first moment, eighteen months before."""
        return add_months(self.until_at, -MONTHS)

    @property
    def fingerprint(self) -> str:
        """What a data folder remembers, to start again without generating."""
        return (
            f"v{GENERATOR_VERSION} seed={self.seed} scale={self.scale} until={self.until} "
            f"event_days={self.event_days}"
        )


def generate(spec: CompanySpec, path: Path, books: Path, progress: Callable[[int], None]) -> None:
    """Write the company of `spec` into a new store at `path` and its truth into new `books`."""
    store = Store(path)
    keeper = BookKeeper(books, spec.start_at, spec.until_at)
    store.begin_bulk()
    until, start = spec.until_at, spec.start_at
    projection = Projection(start, until, until - spec.event_days * DAY, until - 12 * DAY)
    slots: dict[tuple[str, int], int] = {}

    def entry_row(entry: Entry) -> Row:
        slot = slot_of(entry)
        keeper.enter_entry(entry, slot)
        slots[entry.currency, slot] = slots.get((entry.currency, slot), 0) + entry.net
        return _entry_row(entry, slot, until)

    store.add(projection.texts.rows())
    rows: list[Row] = []
    for index in range(spec.scale):
        customer = live(spec.seed, index, start, until)
        keeper.enter(customer)
        rows += projection.objects(customer)
        rows += projection.events(customer)
        rows += [entry_row(entry) for entry in entries_of(customer)]
        if index % _BATCH == _BATCH - 1:
            store.add(rows)
            rows = []
            progress(index + 1)
    for movement in movements(start, until):
        rows.append(entry_row(movement.entry))
        rows += _movement_rows(movement, projection)
    for payout in payouts(slots, until):
        keeper.enter_payout(payout)
        rows.append(_entry_row(payout.entry, payout.slot, until))
        rows += _payout_rows(payout, projection)
    store.add(rows)
    progress(spec.scale)
    keeper.close()
    store.set_meta("fingerprint", spec.fingerprint)
    store.set_meta("until_at", str(until))
    store.set_meta("events_from", str(projection.events_from))
    store.end_bulk()
    store.close()


def _entry_row(entry: Entry, slot: int, now: int) -> Row:
    # Currency and slot stand in `customer`, so that one index range is a payout's members.
    return (
        "balance_transaction",
        entry.id,
        entry.created,
        f"{entry.currency}:{slot:06d}",
        entry.source,
        entry.type,
        render_entry(entry, now),
    )


def _payout_rows(payout: Payout, projection: Projection) -> list[Row]:
    def show(at: int) -> str:
        paid = at >= payout.arrival
        return shapes.PAYOUT({
            "id": payout.id, "amount": payout.amount, "arrival": payout.arrival,
            "entry": payout.entry.id, "created": payout.created,
            "currency": payout.currency, "destination": BANK_ACCOUNTS[payout.currency],
            "reconciliation": "completed" if at >= payout.created + 4 * 3_600 else "in_progress",
            "status": "paid" if paid else "in_transit",
            "trace_status": "supported" if paid else "pending",
            "trace": quoted(f"NWTRACE{payout.slot}{payout.currency.upper()}" if paid else None),
        })  # fmt: skip

    state = "paid" if projection.until > payout.arrival else "in_transit"
    scope = f"{payout.currency}:{payout.after_slot:06d}:{payout.slot:06d}"
    rows: list[Row] = [
        ("payout", payout.id, payout.created, None, scope, state, show(projection.until - 1))
    ]
    moments = (
        (payout.created, "payout.created"),
        (payout.created + 4 * 3_600, "payout.reconciliation_completed"),
        (payout.arrival, "payout.paid"),
    )
    for number, (at, kind) in enumerate(moments):
        if projection.events_from <= at < projection.until:
            rows.append(projection.event(f"evt_1{payout.id[4:]}{number}", at, kind, show(at)))
    return rows


def _movement_rows(movement: Movement, projection: Projection) -> list[Row]:
    slots = {
        "id": movement.id, "amount": movement.amount, "entry": movement.entry.id,
        "created": movement.created, "currency": movement.currency,
        "available_on": movement.entry.available_on,
    }  # fmt: skip
    if movement.kind == "topup":
        body = shapes.TOPUP(slots)
        events: tuple[str, ...] = ("topup.created", "topup.succeeded")
    elif movement.kind == "transfer":
        listed = embedded_list([], f"/v1/transfers/{movement.id}/reversals")
        body = shapes.TRANSFER(
            {
                **slots,
                "destination": "acct_1NwPartner01",
                "payment": f"py_{movement.id[3:]}",
                "reversals": listed,
            }
        )
        events = ("transfer.created",)
    elif movement.kind == "application_fee":
        listed = embedded_list([], f"/v1/application_fees/{movement.id}/refunds")
        body = shapes.APPLICATION_FEE(
            {
                **slots,
                "account": "acct_1NwPartner01",
                "charge": f"ch_{movement.id[4:]}",
                "refunds": listed,
            }
        )
        events = ("application_fee.created",)
    else:
        return []
    rows: list[Row] = [
        (movement.kind, movement.id, movement.created, None, None, "succeeded", body)
    ]
    if projection.events_from <= movement.created:
        for number, kind in enumerate(events):
            rows.append(
                projection.event(
                    f"evt_1{movement.id.replace('_', '')}{number}", movement.created, kind, body
                )
            )
    return rows
