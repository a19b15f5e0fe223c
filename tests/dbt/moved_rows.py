"""Which failed payment turns out to be of an invoice? One whose invoice lands after the marts ran.

A card is declined for 60.00 EUR, and that is an episode of its own. Then the invoice lands, that
two payments were to pay: the other was declined as well, an hour later. One episode, two attempts.
And a guest pays 500 JPY, who is given a customer after the marts ran: one charge under two keys.
"""

from tests.dbt.late_rows import AT, VERSION, rows

WORKSPACE = "ws_moved"


def _declined(name: str, at: int) -> dict[str, object]:
    return {
        "id": f"ch_{name}", "object": "charge", "amount": 6_000, "currency": "eur",
        "payment_intent": f"pi_{name}", "customer": "cus_moved", "created": at, "status": "failed",
        "captured": False, "amount_captured": 0, "amount_refunded": 0,
        "failure_code": "card_declined",
    }  # fmt: skip


def _link(name: str) -> dict[str, object]:
    return {
        "id": f"inpay_{name}", "object": "invoice_payment", "invoice": "in_moved", "status": "open",
        "payment": {"payment_intent": f"pi_{name}"}, "currency": "eur",
    }  # fmt: skip


_INVOICE = {
    "id": "in_moved", "object": "invoice", "customer": "cus_moved", "status": "open",
    "currency": "eur", "created": AT, "total": 6_000, "subtotal": 6_000, "amount_due": 6_000,
    "amount_paid": 0, "amount_remaining": 6_000, "status_transitions": {"finalized_at": AT},
    "lines": {"has_more": False, "data": [{
        "id": "il_moved", "amount": 6_000, "currency": "eur", "quantity": 1,
        "period": {"start": AT, "end": AT}, "parent": {"type": "invoice_item_details"},
    }]},
}  # fmt: skip

_GUEST = {
    "id": "ch_guest", "object": "charge", "amount": 500, "currency": "jpy", "created": AT,
    "payment_intent": "pi_guest", "status": "succeeded", "captured": True, "amount_captured": 500,
    "amount_refunded": 0,
}  # fmt: skip
_PAYMENT = {
    "id": "pi_guest", "object": "payment_intent", "amount": 500, "amount_received": 500,
    "currency": "jpy", "created": AT, "status": "succeeded", "latest_charge": "ch_guest",
}  # fmt: skip

FIRST = [
    *rows({"charge": _declined("first", AT)}),
    *rows({"charge": _GUEST, "payment_intent": _PAYMENT}),
]
LAST = [
    *rows({"charge": _GUEST | {"customer": "cus_named"}}, VERSION + 1),
    *rows({"invoice": _INVOICE, "charge": _declined("second", AT + 3_600)}),
    *rows({"invoice_payment": _link("first")}),
    *rows({"invoice_payment": _link("second")}),
]

# A refused payment stands, and that it was of an invoice is taken back.
UNLINKED = "ws_unlinked"
REFUSED = rows({"charge": _declined("third", AT), "invoice": _INVOICE})
LINK = rows({"invoice_payment": _link("third")})
LINK_GONE = rows({"invoice_payment": _link("third")}, VERSION + 1)
