"""Which company sells by use, and who paid for their use with billing credits?

Each in a workspace of its own, landed before the marts are first built; the prices come after, so
that what they meter is found by their coming alone.
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pipelines.stripe.objects import OBJECTS
from sandbox.company.books import Books
from sandbox.stripe.generate import CompanySpec, generate
from tests.dbt.company import stored_rows
from tests.dbt.ledger_facts import DAY, METERED, NEW_YEAR, SEEN, charge, link, movement

WORKSPACE, CREDITED = "ws_metered", "ws_grants"
# Three currencies, one with no and one with three decimals; use that was discounted, taxed, free in
# a trial, billed last, failed, written off and credited.
SPEC = CompanySpec(seed=7, scale=26, until=date(2026, 11, 1), metered=True)
LATE = "stripe_price"
Rows = tuple[str, str, list[tuple[str, int, str]]]

# 2,000 calls at 0.4 cents: 8.00, less a tenth, less 5.00 of a credit grant; a fifth of tax on 2.20.
_CREDITS = [
    {"amount": 80, "discount": "di_g", "type": "discount"},
    {"amount": 500, "credit_balance_transaction": "cbtxn_g", "type": "credit_balance_transaction"},
]
INVOICE = {
    "id": "in_g", "customer": "cus_g", "status": "paid", "currency": "eur", "created": NEW_YEAR,
    "subtotal": 800, "total": 264, "total_taxes": [{"amount": 44}], "amount_due": 264,
    "amount_paid": 264, "amount_remaining": 0, "total_excluding_tax": 220,
    "total_discount_amounts": [{"amount": 80, "discount": "di_g"}],
    "total_pretax_credit_amounts": _CREDITS,
    "status_transitions": {"finalized_at": NEW_YEAR, "paid_at": NEW_YEAR + 5 * DAY},
    "lines": {"has_more": False, "data": [{
        "id": "il_g", "amount": 800, "currency": "eur", "quantity": 2000,
        "discount_amounts": [{"amount": 80, "discount": "di_g"}],
        "pretax_credit_amounts": _CREDITS, "taxes": [{"amount": 44}],
        "period": {"start": NEW_YEAR - 31 * DAY, "end": NEW_YEAR},
        "parent": {"type": "subscription_item_details", "subscription_item_details": {
            "subscription": "sub_g", "subscription_item": "si_g"}},
        "pricing": {"price_details": {"price": "price_m", "product": "prod_m"}},
    }]},
}  # fmt: skip
FACTS = [
    (LATE, METERED),
    ("stripe_invoice", INVOICE),
    ("stripe_charge", charge("g", 264)),
    ("stripe_invoice_payment", link("in_g", {"payment_intent": "pi_g"}, amount_paid=264)),
    ("stripe_balance_transaction", movement("txn_g", "charge", 264, 30, 5)),
]


def make(folder: Path) -> tuple[Books, list[Rows]]:
    """Generate the company into a folder; its books, and (workspace, raw table, rows) of both."""
    generate(SPEC, folder / "store.db", folder / "books.db", lambda done: None)
    return Books(folder / "books.db"), list(_rows(folder / "store.db"))


def _rows(store: Path) -> Iterator[Rows]:
    assert "billing.meter" in OBJECTS
    for table, rows in stored_rows(store):
        yield WORKSPACE, table, rows
    for table, fact in FACTS:
        yield CREDITED, table, [(str(fact["id"]), SEEN, json.dumps(fact))]
