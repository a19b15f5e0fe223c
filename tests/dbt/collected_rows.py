"""How does what failed come to be paid, credited, given back or given up? Every way, by hand.

In one workspace. Each way is there once whole before the marts are built, once whole after, and
once for each of its rows, which then lands alone after the marts ran on the others: `<name>.first`,
`<name>.last`, `<name>.0`, `<name>.1`, …. What the marts tell of them may not differ.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

WORKSPACE = "ws_collected"
Rows = list[tuple[str, list[tuple[str, int, str]]]]
Objects = list[dict[str, Any]]


def at(day: str) -> int:
    """Return a day of 2026, `MM-DD`, as Stripe tells it."""
    return int(datetime.fromisoformat(f"2026-{day}").replace(tzinfo=UTC).timestamp())


SEEN = at("12-31") * 1_000_000


def invoice(status: str, due: int, day: str, ended: str = "", **fields: Any) -> dict[str, Any]:
    """Return an invoice of 100.00 EUR, or what `total` and `currency` say."""
    total, code = fields.get("total", 10_000), fields.get("currency", "eur")
    paid = due if status == "paid" else 0
    moved = {"paid": "paid_at", "void": "voided_at"}.get(status, "marked_uncollectible_at")
    moment = {moved: at(ended)} if ended else {}
    return {
        "id": "in", "object": "invoice", "customer": "cus", "status": status, "currency": code,
        "created": at(day), "subtotal": total, "total": total, "total_taxes": [],
        "amount_due": due, "amount_paid": paid, "amount_remaining": due - paid,
        "pre_payment_credit_notes_amount": total - due,
        "status_transitions": {"finalized_at": at(day)} | moment,
        "lines": {"has_more": False, "data": [{
            "id": "il", "amount": total, "currency": code, "quantity": 1,
            "period": {"start": at(day), "end": at(day)},
            "parent": {"type": "invoice_item_details"},
        }]}, **fields,
    }  # fmt: skip


def charge(name: str, intent: str | None, amount: int, day: str, **fields: Any) -> dict[str, Any]:
    """Return a charge that is collected; a refused one has a `failed` reason."""
    reason = fields.pop("failed", None)
    return {
        "id": name, "object": "charge", "amount": amount, "currency": "eur", "customer": "cus",
        "payment_intent": intent, "created": at(day), "captured": True, "amount_refunded": 0,
        "status": "failed" if reason else "succeeded",
        "amount_captured": 0 if reason else amount, "outcome": {"reason": reason},
        "failure_code": "card_declined" if reason else None,
        "balance_transaction": None if reason else f"txn_{name}",
        "payment_method_details": {"type": "card", "card": {"country": "DE"}}, **fields,
    }  # fmt: skip


def refused(amount: int, day: str, intent: str = "pi", **fields: Any) -> dict[str, Any]:
    """Return a charge that the bank refused."""
    return charge(f"ch_no_{intent}", intent, amount, day, failed="insufficient_funds", **fields)


def link(intent: str, status: str, amount: int | None = None, **fields: Any) -> dict[str, Any]:
    """Return what links an invoice to a payment."""
    return {
        "id": f"inpay_{intent}", "object": "invoice_payment", "invoice": "in", "status": status,
        "amount_paid": amount, "currency": "eur", "payment": {"payment_intent": intent}, **fields,
    }  # fmt: skip


def movement(name: str, kind: str, amount: int, day: str, free: str = "", **fields: Any) -> Any:
    """Return a movement of the balance that books the object of that name."""
    return {
        "id": f"txn_{name}", "object": "balance_transaction", "amount": amount, "fee": 0,
        "net": amount, "currency": "eur", "reporting_category": kind, "type": kind,
        "created": at(day), "available_on": at(free or day), "status": "available",
        "source": name, **fields,
    }  # fmt: skip


def _credited(amount: int, currency: str) -> dict[str, Any]:
    return {
        "id": "cn", "object": "credit_note", "invoice": "in", "customer": "cus",
        "currency": currency, "total": amount, "amount": amount, "status": "issued",
        "total_excluding_tax": amount, "pre_payment_amount": amount, "post_payment_amount": 0,
        "created": at("10-03"), "refunds": [], "lines": {"data": []},
    }  # fmt: skip


WON = [charge("ch_yes", "pi", 10_000, "10-05"), link("pi", "paid", 10_000)]
SOLD = movement("ch_yes", "charge", 10_000, "10-05", "10-07")
PAID = invoice("paid", 10_000, "10-01", "10-05")
FAILED = refused(10_000, "10-01")

WAYS: Mapping[str, Objects] = {
    # 10.000 KWD: a credit note takes all of it away. No money came.
    "credited": [
        refused(10_000, "10-01", currency="kwd"), link("pi", "canceled", currency="kwd"),
        invoice("paid", 0, "10-01", "10-03", currency="kwd"), _credited(10_000, "kwd"),
    ],
    # 10,000 JPY: 6,000 of it are credited, 4,000 paid.
    "part": [
        refused(10_000, "10-01", currency="jpy"), _credited(6_000, "jpy"),
        invoice("paid", 4_000, "10-01", "10-06", currency="jpy"),
        charge("ch_yes", "pi", 4_000, "10-06", currency="jpy"),
        link("pi", "paid", 4_000, currency="jpy"),
        movement("ch_yes", "charge", 2_300, "10-06", "10-08", exchange_rate=0.575),
    ],
    # Another payment pays, whose money comes in December.
    "other": [
        FAILED, link("pi", "canceled"), invoice("paid", 10_000, "10-01", "11-10"),
        charge("ch_o", "pi_o", 10_000, "11-10"), link("pi_o", "paid", 10_000),
        movement("ch_o", "charge", 10_000, "11-10", "12-05"),
    ],
    # A charge that is of no payment does, and names the invoice.
    "old": [
        refused(10_000, "10-01", invoice="in"), invoice("paid", 10_000, "10-01", "10-04"),
        charge("ch_o", None, 10_000, "10-04", invoice="in"),
        movement("ch_o", "charge", 10_000, "10-04", "10-11"),
    ],
    # Two payments, both refused at first, and both paid.
    "two": [
        refused(6_000, "11-01", "pi_a"), refused(4_000, "11-01", "pi_b"),
        charge("ch_a", "pi_a", 6_000, "11-05"), link("pi_a", "paid", 6_000),
        movement("ch_a", "charge", 6_000, "11-05", "11-07"),
        charge("ch_b", "pi_b", 4_000, "11-06"), link("pi_b", "paid", 4_000),
        movement("ch_b", "charge", 4_000, "11-06", "11-20"),
        invoice("paid", 10_000, "11-01", "11-06"),
    ],
    # A dispute takes 100.00 GBP back that had come as 115.00 EUR.
    "disputed": [
        refused(10_000, "10-01", currency="gbp"),
        charge("ch_yes", "pi", 10_000, "10-05", currency="gbp", disputed=True),
        link("pi", "paid", 10_000, currency="gbp"),
        invoice("paid", 10_000, "10-01", "10-05", currency="gbp"),
        movement("ch_yes", "charge", 11_500, "10-05", "10-07", exchange_rate=1.15),
        movement("dp", "dispute", -11_700, "10-12", exchange_rate=1.17),
        {"id": "dp", "object": "dispute", "amount": 10_000, "currency": "gbp", "status": "lost",
         "charge": "ch_yes", "payment_intent": "pi", "created": at("10-12")},
    ],
    # Of 100.00 that came back 30.00 are refunded.
    "refunded": [
        FAILED, charge("ch_yes", "pi", 10_000, "10-05", amount_refunded=3_000), PAID, SOLD,
        link("pi", "paid", 10_000), movement("re", "refund", -3_000, "10-12"),
        {"id": "re", "object": "refund", "amount": 3_000, "currency": "eur", "charge": "ch_yes",
         "payment_intent": "pi", "status": "succeeded", "created": at("10-12"),
         "balance_transaction": "txn_re"},
    ],
    # A guest's card is refused; the customer who is named then pays. The payment names them,
    # or nothing but the charge does.
    "guest": [
        refused(10_000, "10-01", customer=None), charge("ch_yes", "pi", 10_000, "10-05"),
        link("pi", "paid", 10_000), PAID, SOLD,
        {"id": "pi", "object": "payment_intent", "amount": 10_000, "currency": "eur",
         "status": "succeeded", "customer": "cus", "created": at("10-01")},
    ],
    "unnamed": [
        refused(10_000, "10-01", customer=None), charge("ch_yes", "pi", 10_000, "10-05"),
        link("pi", "paid", 10_000), PAID, SOLD,
    ],
    # 50.00 of no invoice: the checkout is left, its payment canceled.
    "left": [
        refused(5_000, "03-01", customer=None),
        {"id": "pi", "object": "payment_intent", "amount": 5_000, "currency": "eur",
         "status": "canceled", "created": at("03-01"), "canceled_at": at("03-02")},
    ],
    # The subscription had ended when its last invoice was refused.
    "ended": [
        refused(10_000, "10-13"), link("pi", "open"),
        invoice("open", 10_000, "10-10", subscription="sub"),
        {"id": "sub", "object": "subscription", "customer": "cus", "status": "canceled",
         "currency": "eur", "created": at("09-10"), "ended_at": at("10-10"), "discounts": [],
         "items": {"data": [], "has_more": False}},
    ],
    # A bank debit of the first is taken back on the seventh.
    "debit": [
        refused(10_000, "10-01", failure_balance_transaction="txn_ch_no_pi",
                balance_transaction="txn_made", payment_method_details={"type": "sepa_debit"}),
        link("pi", "open"), invoice("open", 10_000, "10-01"),
        movement("ch_no_pi", "charge_failure", -10_000, "10-07"),
        movement("ch_no_pi", "charge", 10_000, "10-01", id="txn_made"),
    ],
}  # fmt: skip


def _named(value: Any, variant: str) -> Any:
    """Return an object whose own ids, and those that it names, are of a variant."""
    if isinstance(value, dict):
        return {key: _named(part, variant) for key, part in value.items()}
    if isinstance(value, list):
        return [_named(part, variant) for part in value]
    own = ("in", "inpay", "il", "cus", "ch", "pi", "txn", "cn", "dp", "re", "sub")
    is_id = isinstance(value, str) and value.split("_")[0] in own
    return f"{value}.{variant}" if is_id else value


def variants() -> Iterator[tuple[str, Objects, Objects]]:
    """Yield (variant, what lands first, what lands last)."""
    for name, whole in WAYS.items():
        yield f"{name}.first", whole, []
        yield f"{name}.last", [], whole
        for number, late in enumerate(whole):
            yield f"{name}.{number}", [one for one in whole if one is not late], [late]


def rows(is_late: bool) -> Rows:
    """Return (raw table, rows) of what lands before the marts are built, or after."""
    found: dict[str, list[tuple[str, int, str]]] = {}
    for variant, first, last in variants():
        for one in last if is_late else first:
            body = _named(one, variant)
            found.setdefault(f"stripe_{body['object']}", []).append(
                (body["id"], SEEN, json.dumps(body))
            )
    return list(found.items())
