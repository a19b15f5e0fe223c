"""How does Stripe show balance movements, payouts, top-ups, transfers, application fees?"""

from __future__ import annotations

from sandbox.company.facts import Entry
from sandbox.company.treasury import BANK_ACCOUNTS, Movement, Payout
from sandbox.stripe import shapes_money as shapes
from sandbox.stripe.projection import Projection
from sandbox.stripe.render_catalog import Row
from sandbox.stripe.render_payments import render_entry
from sandbox.stripe.template import embedded_list, quoted


def entry_row(entry: Entry, slot: int, now: int) -> Row:
    """A balance transaction's row."""
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


def payout_rows(payout: Payout, projection: Projection) -> list[Row]:
    """A payout and its events."""

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


def movement_rows(movement: Movement, projection: Projection) -> list[Row]:
    """A top-up, transfer or application fee and its events."""
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
