"""Which line bills nothing? One taken off a draft: Stripe tells of it no more once it is final.

100.00 of service for January and 50.00 beside it, which is taken off before the invoice is final.
That asks 8.00 for shipping and 1.52 of tax on it, which no line of Stripe's tells. Another asks
3.00, and no 7.00 of shipping any more, as it did ten seconds before it was final. One asks 5.00 of
it beside 9.00 that hold 0.90 of tax, though the line does not say so.
"""

from tests.dbt.late_rows import rows
from tests.dbt.ledger_facts import DAY, NEW_YEAR, SEEN

WORKSPACE = "ws_drafted"
JANUARY = {"start": NEW_YEAR, "end": NEW_YEAR + 31 * DAY}


def _line(name: str, amount: int) -> dict[str, object]:
    return {
        "id": f"il_{name}", "amount": amount, "currency": "eur", "quantity": 1, "period": JANUARY,
        "parent": {"type": "invoice_item_details"},
    }  # fmt: skip


_DRAFT = {
    "id": "in_drafted", "object": "invoice", "customer": "cus_d", "status": "draft",
    "currency": "eur", "created": NEW_YEAR - DAY, "subtotal": 15_000, "total": 15_000,
    "amount_due": 15_000, "amount_paid": 0, "amount_remaining": 15_000,
    "lines": {"has_more": False, "data": [_line("kept", 10_000), _line("taken_off", 5_000)]},
}  # fmt: skip
_FINAL = _DRAFT | {
    "status": "open", "subtotal": 10_000, "total": 10_952, "amount_due": 10_952,
    "amount_remaining": 10_952, "status_transitions": {"finalized_at": NEW_YEAR},
    "amount_shipping": 952, "total_taxes": [{"amount": 152, "tax_behavior": "exclusive"}],
    "shipping_cost": {"amount_subtotal": 800, "amount_tax": 152, "amount_total": 952},
    "lines": {"has_more": False, "data": [_line("kept", 10_000)]},
}  # fmt: skip


def _shipped(name: str, amount: int, minor: int) -> dict[str, object]:
    cost = {"amount_subtotal": minor, "amount_tax": 0, "amount_total": minor} if minor else None
    total = amount + minor
    return _FINAL | {
        "id": f"in_{name}", "subtotal": amount, "total": total, "amount_due": total,
        "amount_remaining": total, "amount_shipping": minor, "shipping_cost": cost,
        "total_taxes": [], "lines": {"has_more": False, "data": [_line(name, amount)]},
    }  # fmt: skip


_TAX = [{"amount": 90}]
_SILENT = _shipped("silent", 900, 500) | {
    "total_taxes": _TAX,
    "lines": {"has_more": False, "data": [_line("silent", 900) | {"taxes": _TAX}]},
}
_UNDECIDED = _shipped("bare", 300, 700) | {"status": "draft", "status_transitions": {}}

FIRST = [
    *rows({"invoice": _DRAFT}, (NEW_YEAR - DAY) * 1_000_000),
    *rows({"invoice": _UNDECIDED}, (NEW_YEAR - 10) * 1_000_000),
]
LAST = [
    *rows({"invoice": _FINAL}, SEEN),
    *rows({"invoice": _shipped("bare", 300, 0)}, SEEN),
    *rows({"invoice": _SILENT}, SEEN),
]
