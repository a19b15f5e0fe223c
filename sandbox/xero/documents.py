"""How does Xero show one document of the books? One function per kind."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.company.accounting import AccountingBooks, Document, DocumentLine, entries
from sandbox.company.calendar import midnight
from sandbox.xero import uuid_of
from sandbox.xero.ledger import (
    BASE,
    Body,
    Ledger,
    day,
    day_string,
    in_base,
    moment,
    money,
    rate,
)

Shown = tuple[str, str, int, Body]


def render(ledger: Ledger, books: AccountingBooks, document: Document, at: int) -> list[Shown]:
    """(list, id, updated, object) of everything that one document is at a moment."""
    changed = document.changed_at(at)
    status = {"deleted": "DELETED", "voided": "VOIDED"}.get(document.state_at(at), "")
    shown = _KINDS[document.kind](ledger, books, document, status)
    # Bank transfers alone do not say when they changed.
    return [
        (
            name, identity, changed,
            body if name == "BankTransfers" else {**body, "UpdatedDateUTC": moment(changed)},
        )
        for name, identity, body in shown
    ]  # fmt: skip


Made = list[tuple[str, str, Body]]


def _dated(document: Document) -> Body:
    return {"Date": day(document.date), "DateString": day_string(document.date)}


def _lines(ledger: Ledger, document: Document) -> list[Body]:
    currency = document.currency
    return [
        {
            "LineItemID": uuid_of("line", document.id, number), "Description": line.description,
            "Quantity": 1, "UnitAmount": money(line.amount, currency),
            "LineAmount": money(line.amount, currency), "TaxAmount": money(line.tax, currency),
            "TaxType": "OUTPUT" if line.tax else "NONE", **ledger.account(line.account_id),
            "Tracking": [],
        }
        for number, line in enumerate(document.lines)
    ]  # fmt: skip


def _totals(ledger: Ledger, document: Document) -> Body:
    currency = document.currency
    tax = sum(line.tax for line in document.lines)
    return {
        "LineAmountTypes": "Exclusive", "LineItems": _lines(ledger, document),
        "SubTotal": money(document.total - tax, currency), "TotalTax": money(tax, currency),
        "Total": money(document.total, currency), "CurrencyCode": currency.upper(),
        **({"CurrencyRate": rate(currency)} if currency != BASE else {}),
    }  # fmt: skip


def _invoice(ledger: Ledger, books: AccountingBooks, document: Document, status: str) -> Made:
    currency, due = document.currency, document.due_on or document.date
    paid = not status
    return [("Invoices", document.id, {
        "Type": "ACCREC" if document.kind == "invoice" else "ACCPAY", "InvoiceID": document.id,
        "InvoiceNumber": document.number, "Reference": "", "Payments": [], "CreditNotes": [],
        "Prepayments": [], "Overpayments": [],
        "AmountDue": money(0, currency), "AmountCredited": money(0, currency),
        "AmountPaid": money(document.total if paid else 0, currency), "SentToContact": True,
        "IsDiscounted": False, "HasAttachments": False, "HasErrors": False,
        "Contact": ledger.contact(document.contact_id), **_dated(document),
        "DueDate": day(due), "DueDateString": day_string(due), "Status": status or "PAID",
        **_totals(ledger, document),
    })]  # fmt: skip


def _credit_note(ledger: Ledger, books: AccountingBooks, document: Document, status: str) -> Made:
    return [("CreditNotes", document.id, {
        "CreditNoteID": document.id, "CreditNoteNumber": document.number, "Type": "ACCRECCREDIT",
        "Payments": [], "Allocations": [], "ID": document.id, "HasErrors": False,
        "RemainingCredit": money(0, document.currency), "HasAttachments": False,
        "Reference": "", "SentToContact": True,
        "Contact": ledger.contact(document.contact_id), **_dated(document),
        "Status": status or "PAID", **_totals(ledger, document),
    })]  # fmt: skip


def _payment(ledger: Ledger, books: AccountingBooks, document: Document, status: str) -> Made:
    settled = books.document(document.linked[0])
    named: Body = {
        "Contact": ledger.contact(document.contact_id), "CurrencyCode": settled.currency.upper(),
        "HasErrors": False, "IsDiscounted": False, "LineItems": [],
    }  # fmt: skip
    if settled.kind == "credit_memo":
        kind = "ARCREDITPAYMENT"
        owner: Body = {"CreditNote": {
            "CreditNoteID": settled.id, "CreditNoteNumber": settled.number, "Type": "ACCRECCREDIT",
            "ID": settled.id, **named,
        }}  # fmt: skip
    else:
        kind = "ACCRECPAYMENT" if settled.kind == "invoice" else "ACCPAYPAYMENT"
        owner = {"Invoice": {
            "InvoiceID": settled.id, "InvoiceNumber": settled.number,
            "Type": "ACCREC" if settled.kind == "invoice" else "ACCPAY", "Payments": [],
            "CreditNotes": [], "Prepayments": [], "Overpayments": [], **named,
        }}  # fmt: skip
    amount = money(document.total, document.currency)
    return [("Payments", document.id, {
        "PaymentID": document.id, "Date": day(document.date), "BankAmount": amount,
        "Amount": amount, "Reference": document.number, "CurrencyRate": rate(document.currency),
        "PaymentType": kind, "Status": "DELETED" if status else "AUTHORISED",
        "HasAccount": True, "IsReconciled": True, "Account": ledger.bank(document.account_id),
        "HasValidationErrors": False, **owner,
    })]  # fmt: skip


def _bank_transaction(
    ledger: Ledger, books: AccountingBooks, document: Document, status: str
) -> Made:
    return [("BankTransactions", document.id, {
        "BankTransactionID": document.id, "BankAccount": ledger.bank(document.account_id),
        "Type": "RECEIVE" if document.direction == "in" else "SPEND",
        "Reference": document.number, "IsReconciled": not status, "HasAttachments": False,
        "Contact": ledger.contact(document.contact_id), **_dated(document),
        "Status": status or "AUTHORISED", **_totals(ledger, document),
    })]  # fmt: skip


def _transfer(ledger: Ledger, books: AccountingBooks, document: Document, status: str) -> Made:
    """A transfer, and its two legs among the bank transactions."""
    currency, into = document.currency, document.lines[0].account_id
    legs: Made = []
    for word, account in (("SPEND", document.account_id), ("RECEIVE", into)):
        identity = uuid_of("leg", document.id, word)
        legs.append(("BankTransactions", identity, {
            "BankTransactionID": identity, "BankAccount": ledger.bank(account),
            "Type": f"{word}-TRANSFER", "Reference": document.number, "IsReconciled": True,
            "HasAttachments": False, **_dated(document), "Status": status or "AUTHORISED",
            "LineAmountTypes": "NoTax", "LineItems": [],
            "SubTotal": money(document.total, currency),
            "TotalTax": money(0, currency), "Total": money(document.total, currency),
            "CurrencyCode": currency.upper(),
        }))  # fmt: skip
    return [("BankTransfers", document.id, {
        "BankTransferID": document.id, "CreatedDateUTC": moment(document.created_at),
        "CreatedDateUTCString": day_string(document.date), "Reference": document.number,
        **_dated(document), "FromBankAccount": ledger.bank(document.account_id),
        "ToBankAccount": ledger.bank(into), "Amount": money(document.total, currency),
        "FromBankTransactionID": legs[0][1], "ToBankTransactionID": legs[1][1],
        "FromIsReconciled": True, "ToIsReconciled": True, "CurrencyRate": rate(currency),
        "HasAttachments": False, "Status": status or "AUTHORISED",
    }), *legs]  # fmt: skip


def euro_lines(document: Document) -> list[tuple[DocumentLine, int]]:
    """A journal's lines in euro cents; Xero keeps journals in the base currency alone."""
    amounts = [in_base(line.amount, document.currency) for line in document.lines]
    amounts[-1] -= sum(amounts)
    return list(zip(document.lines, amounts, strict=True))


def _manual_journal(
    ledger: Ledger, books: AccountingBooks, document: Document, status: str
) -> Made:
    lines = [
        {
            "Description": line.description or document.number, "TaxType": "NONE",
            "LineAmount": money(amount, BASE), "TaxAmount": money(0, BASE),
            **ledger.account(line.account_id), "Tracking": [], "IsBlank": False,
        }
        for line, amount in euro_lines(document)
    ]  # fmt: skip
    return [("ManualJournals", document.id, {
        "ManualJournalID": document.id, "Date": day(document.date),
        "Status": status or "POSTED", "LineAmountTypes": "NoTax", "Narration": document.number,
        "ShowOnCashBasisReports": True, "HasAttachments": False, "JournalLines": lines,
    })]  # fmt: skip


def journal(ledger: Ledger, document: Document, number: int) -> Body:
    """The journal of Xero's own ledger behind a document, in euro."""
    signed = [(account, debit - credit) for account, debit, credit in entries(document)]
    amounts = [in_base(amount, document.currency) for _, amount in signed]
    amounts[-1] -= sum(amounts)
    lines = []
    for place, ((account, _), amount) in enumerate(zip(signed, amounts, strict=True)):
        own = ledger.account(account)
        lines.append({
            "JournalLineID": uuid_of("journal", document.id, place), **own,
            "AccountType": "CURRENT", "AccountName": ledger.accounts[account].name,
            "Description": "", "NetAmount": money(amount, BASE), "GrossAmount": money(amount, BASE),
            "TaxAmount": money(0, BASE), "TrackingCategories": [],
        })  # fmt: skip
    return {
        "JournalID": uuid_of("journal", document.id), "JournalDate": day(document.date),
        "JournalNumber": number, "CreatedDateUTC": moment(max(document.created_at, midnight(
            document.date))), "Reference": document.number, "SourceID": document.id,
        "SourceType": _SOURCES[document.kind], "JournalLines": lines,
    }  # fmt: skip


_KINDS: dict[str, Callable[[Ledger, AccountingBooks, Document, str], Made]] = {
    "invoice": _invoice, "bill": _invoice, "credit_memo": _credit_note, "payment": _payment,
    "bill_payment": _payment, "bank_transaction": _bank_transaction, "transfer": _transfer,
    "manual_journal": _manual_journal,
}  # fmt: skip
_SOURCES = {
    "invoice": "ACCREC", "bill": "ACCPAY", "credit_memo": "ACCRECCREDIT",
    "payment": "ACCRECPAYMENT", "bill_payment": "ACCPAYPAYMENT", "bank_transaction": "CASHREC",
    "transfer": "TRANSFER", "manual_journal": "MANJOURNAL",
}  # fmt: skip
