"""How does a bank line that is no payout stand in the accounting books?

The us entity writes as QuickBooks has it (purchases, deposits, journal entries), the eu entity as
Xero has it (bank transactions); both write invoices, bills, their payments and transfers.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.company.accounting import DocumentKind, DocumentLine
from sandbox.company.banking import BankLine, Entity
from sandbox.company.calendar import DAY
from sandbox.company.chart import contact_id, expense_of, ledger_account
from sandbox.company.clerk import Clerk

_VAT_PERCENT = 19
# A customer whose checks are booked as sales at once, without an invoice.
_RECEIPTS = frozenset({"Westmere School District"})
_EXPENSES = {
    "rent": "rent", "payroll": "wages", "contractor": "contractors", "tax": "taxes",
    "fee": "bank_fees", "interest": "interest", "software": "software",
}  # fmt: skip


def write_line(clerk: Clerk, line: BankLine) -> None:
    """Write the documents of one line."""
    entity = clerk.accounts[line.account_id].entity
    if line.pair_id is not None and line.kind == "conversion":
        _money(clerk, line, entity, ledger_account(entity, "exchange"))
    elif line.pair_id is not None:
        if line.amount < 0:
            _transfer(clerk, line, entity)
    elif line.kind == "transfer":
        _money(clerk, line, entity, ledger_account(entity, "stripe_clearing"))
    elif line.kind == "customer_payment":
        _customer_paid(clerk, line, entity)
    elif line.kind == "refund" and line.merchant is None:
        _customer_refunded(clerk, line, entity)
    elif line.kind in ("rent", "contractor"):
        _billed(clerk, line, entity)
    elif line.kind == "interest" and line.amount > 0:
        _money(clerk, line, entity, ledger_account(entity, "interest_income"))
    else:
        bought = line.kind in ("card_purchase", "refund", "software")
        key = expense_of(line.mcc) if bought else _EXPENSES[line.kind]
        _money(clerk, line, entity, ledger_account(entity, key), taxed=bought)


def _own(line: BankLine, entity: Entity) -> str:
    return ledger_account(entity, line.account_id)


def _contact(line: BankLine, entity: Entity) -> str | None:
    if line.merchant is not None and line.merchant not in ("Paperchase", "Noorder Verzekeringen"):
        return contact_id(entity, line.merchant)
    return None


def _money(clerk: Clerk, line: BankLine, entity: Entity, account: str, taxed: bool = False) -> None:
    """Money in or out at once: a purchase, a deposit, a journal or a bank transaction."""
    gross = abs(line.amount)
    tax = 0
    if taxed and entity == "eu" and line.currency == "eur":
        tax = gross * _VAT_PERCENT // (100 + _VAT_PERCENT)
    kind: DocumentKind = "bank_transaction"
    if entity == "us":
        bought = line.amount < 0 or line.kind == "refund"
        kind = "purchase" if bought else "deposit"
    if entity == "us" and (line.kind == "payroll" or line.account_id == "usd_loan"):
        lines = (
            DocumentLine(account, -line.amount, description=line.description),
            DocumentLine(_own(line, entity), line.amount, description=line.description),
        )
        clerk.write(
            f"line/{line.id}", entity, "journal_entry", line.booked_on, line.currency, lines,
            line.posted_at, bank_line_ids=(line.id,),
        )  # fmt: skip
        return
    written = (
        DocumentLine(
            account, gross - tax, tax, line.description, contact_id=_contact(line, entity)
        ),
    )
    more: dict[str, Any] = {
        "account_id": _own(line, entity), "direction": "in" if line.amount > 0 else "out",
        "contact_id": _contact(line, entity),
    }  # fmt: skip
    document = clerk.write(
        f"line/{line.id}", entity, kind, line.booked_on, line.currency, written, line.posted_at,
        bank_line_ids=(line.id,), **more,
    )  # fmt: skip
    # Now and then a purchase is entered twice by mistake, and one of the two deleted.
    if taxed and clerk.chance("mistake", line.id, below=1_000) < 15:
        clerk.write(
            f"line/{line.id}/mistake", entity, kind, line.booked_on, line.currency, written,
            line.posted_at, deleted_at=document.created_at + 3 * DAY, **more,
        )  # fmt: skip


def _transfer(clerk: Clerk, line: BankLine, entity: Entity) -> None:
    assert line.pair_id is not None
    other = clerk.pairs[line.pair_id]
    into = DocumentLine(_own(other, entity), -line.amount, description=line.description)
    clerk.write(
        f"line/{line.id}", entity, "transfer", line.booked_on, line.currency, (into,),
        max(line.posted_at, other.posted_at), account_id=_own(line, entity), direction="out",
        bank_line_ids=(line.id, other.id),
    )  # fmt: skip


def _customer_paid(clerk: Clerk, line: BankLine, entity: Entity) -> None:
    assert line.counterparty is not None
    contact, own = contact_id(entity, line.counterparty), _own(line, entity)
    receivable = ledger_account(entity, "receivable")
    services = ledger_account(entity, "services")
    key = f"line/{line.id}"
    known: dict[str, Any] = {"contact_id": contact, "bank_line_ids": (line.id,)}
    if line.counterparty in _RECEIPTS:
        sold = DocumentLine(services, line.amount, 0, "Analytics workshop", "Workshop")
        clerk.write(
            key, entity, "sales_receipt", line.booked_on, line.currency, (sold,), line.posted_at,
            account_id=own, direction="in", **known,
        )  # fmt: skip
        return
    # One invoice in fifteen was too high, and lowered by a credit memo before it was paid.
    lowered = line.amount // 10 if clerk.chance("lowered", line.id, below=15) == 0 else 0
    invoiced = line.amount + lowered
    percent = _VAT_PERCENT if line.currency == "eur" else 0
    net = invoiced * 100 // (100 + percent)
    on = line.booked_on - timedelta(days=14 + clerk.chance("terms", line.id, below=16))
    bill = DocumentLine(services, net, invoiced - net, "Analytics platform, yearly", "Platform")
    issued: dict[str, Any] = {"account_id": receivable, "direction": "in", "contact_id": contact}
    due_on = on + timedelta(days=30)
    invoice = clerk.write(
        f"{key}/invoice", entity, "invoice", on, line.currency, (bill,), due_on=due_on, **issued
    )
    if clerk.chance("twice", line.id, below=40) == 0:
        clerk.write(
            f"{key}/voided", entity, "invoice", on, line.currency, (bill,), due_on=due_on,
            voided_at=invoice.created_at + 4 * DAY, **issued,
        )  # fmt: skip
    settled: tuple[str, ...] = (invoice.id,)
    if lowered:
        less = DocumentLine(services, lowered, 0, "Goodwill", "Platform")
        memo = clerk.write(
            f"{key}/memo", entity, "credit_memo", on + timedelta(days=5), line.currency, (less,),
            account_id=receivable, direction="out", contact_id=contact, linked=settled,
        )  # fmt: skip
        settled = (invoice.id, memo.id)
    paid = DocumentLine(receivable, line.amount, description=line.description)
    clerk.write(
        key, entity, "payment", line.booked_on, line.currency, (paid,), line.posted_at,
        account_id=own, direction="in", linked=settled, **known,
    )  # fmt: skip


def _customer_refunded(clerk: Clerk, line: BankLine, entity: Entity) -> None:
    """QuickBooks knows refund receipts; Xero pays out a credit note."""
    assert line.counterparty is not None
    contact, key = contact_id(entity, line.counterparty), f"line/{line.id}"
    services = ledger_account(entity, "services")
    back = DocumentLine(services, -line.amount, 0, "Refund", "Platform")
    paid: dict[str, Any] = {
        "account_id": _own(line, entity), "direction": "out", "contact_id": contact,
        "bank_line_ids": (line.id,),
    }  # fmt: skip
    if entity == "us":
        clerk.write(
            key, entity, "refund", line.booked_on, line.currency, (back,), line.posted_at, **paid
        )
        return
    receivable = ledger_account(entity, "receivable")
    memo = clerk.write(
        f"{key}/memo", entity, "credit_memo", line.booked_on - timedelta(days=2), line.currency,
        (back,), account_id=receivable, direction="out", contact_id=contact,
    )  # fmt: skip
    settled = DocumentLine(receivable, -line.amount, description=line.description)
    clerk.write(
        key, entity, "payment", line.booked_on, line.currency, (settled,), line.posted_at,
        linked=(memo.id,), **paid,
    )  # fmt: skip


def _billed(clerk: Clerk, line: BankLine, entity: Entity) -> None:
    assert line.counterparty is not None
    contact, owed = contact_id(entity, line.counterparty), -line.amount
    payable = ledger_account(entity, "payable")
    tax = owed * _VAT_PERCENT // (100 + _VAT_PERCENT) if entity == "eu" else 0
    account = ledger_account(entity, _EXPENSES[line.kind])
    on = line.booked_on - timedelta(days=5 + clerk.chance("terms", line.id, below=20))
    bill = clerk.write(
        f"line/{line.id}/bill", entity, "bill", on, line.currency,
        (DocumentLine(account, owed - tax, tax, line.reference or line.description),),
        due_on=on + timedelta(days=30), contact_id=contact, account_id=payable, direction="out",
    )  # fmt: skip
    clerk.write(
        f"line/{line.id}", entity, "bill_payment", line.booked_on, line.currency,
        (DocumentLine(payable, owed, description=line.description),), line.posted_at,
        linked=(bill.id,), contact_id=contact, account_id=_own(line, entity), direction="out",
        bank_line_ids=(line.id,),
    )  # fmt: skip
