"""How does QuickBooks show one document of the books? One function per kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.company.accounting import Document, DocumentLine
from sandbox.quickbooks.ledger import Body, Ledger, currency, head, money

ENTITY_OF = {
    "invoice": "Invoice", "payment": "Payment", "bill": "Bill", "bill_payment": "BillPayment",
    "purchase": "Purchase", "deposit": "Deposit", "transfer": "Transfer",
    "journal_entry": "JournalEntry", "sales_receipt": "SalesReceipt", "credit_memo": "CreditMemo",
    "refund": "RefundReceipt",
}  # fmt: skip


def render(ledger: Ledger, document: Document, at: int) -> Body:
    """A document as it is at a moment; a voided one keeps its shape and loses its amounts."""
    voided = document.state_at(at) == "voided"
    changed = document.changed_at(at)
    token = (document.updated_at > document.created_at and document.updated_at <= at) + voided
    body: Body = {
        "TxnDate": document.date.isoformat(),
        "CurrencyRef": currency(document.currency),
        **({"PrivateNote": "Voided"} if voided else {}),
        **_KINDS[document.kind](ledger, document, 0 if voided else 1),
        **head(document.id, document.created_at, changed, token),
    }
    if document.kind not in ("payment", "transfer"):
        body["DocNumber"] = document.number
    return body


def _lines(
    document: Document, factor: int, detail: Callable[[DocumentLine], tuple[str, Body]]
) -> list[Body]:
    found = []
    for number, line in enumerate(document.lines, start=1):
        kind, value = detail(line)
        found.append({
            "Id": str(number), "LineNum": number, "Description": line.description,
            "Amount": money(line.amount * factor), "DetailType": kind, kind: value,
        })  # fmt: skip
    return found


def _tax(document: Document, factor: int) -> Body:
    return {"TxnTaxDetail": {"TotalTax": money(sum(line.tax for line in document.lines) * factor)}}


def _sales(ledger: Ledger, document: Document, factor: int) -> Body:
    def detail(line: DocumentLine) -> tuple[str, Body]:
        return "SalesItemLineDetail", {
            "ItemRef": ledger.item(line.item), "UnitPrice": money(line.amount * factor), "Qty": 1,
            "ItemAccountRef": ledger.account(line.account_id), "TaxCodeRef": {"value": "NON"},
        }  # fmt: skip

    lines = _lines(document, factor, detail)
    subtotal = sum(line.amount for line in document.lines) * factor
    lines.append({
        "Amount": money(subtotal), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {},
    })  # fmt: skip
    return {
        "Line": lines, "CustomerRef": ledger.contact(document.contact_id),
        "TotalAmt": money(document.total * factor), "ApplyTaxAfterDiscount": False,
        "PrintStatus": "NeedToPrint", "EmailStatus": "NotSet", **_tax(document, factor),
    }  # fmt: skip


def _invoice(ledger: Ledger, document: Document, factor: int) -> Body:
    due = document.due_on or document.date
    return {**_sales(ledger, document, factor), "DueDate": due.isoformat(), "Balance": money(0)}


def _paid_form(ledger: Ledger, document: Document, factor: int) -> Body:
    return {
        **_sales(ledger, document, factor), "Balance": money(0),
        "DepositToAccountRef": ledger.account(document.account_id),
    }  # fmt: skip


def _payment(ledger: Ledger, document: Document, factor: int) -> Body:
    return {
        "CustomerRef": ledger.contact(document.contact_id),
        "DepositToAccountRef": ledger.account(document.account_id),
        "TotalAmt": money(document.total * factor), "UnappliedAmt": money(0),
        "ProcessPayment": False, "PaymentRefNum": document.number,
        "Line": [
            {
                "Amount": money(document.total * factor),
                "LinkedTxn": [{"TxnId": name, "TxnType": "Invoice"}],
            }
            for name in document.linked[:1]
        ],
    }  # fmt: skip


def _expense_lines(ledger: Ledger, document: Document, factor: int) -> list[Body]:
    def detail(line: DocumentLine) -> tuple[str, Body]:
        return "AccountBasedExpenseLineDetail", {
            "AccountRef": ledger.account(line.account_id), "BillableStatus": "NotBillable",
            "TaxCodeRef": {"value": "NON"},
        }  # fmt: skip

    return _lines(document, factor, detail)


def _bill(ledger: Ledger, document: Document, factor: int) -> Body:
    return {
        "Line": _expense_lines(ledger, document, factor),
        "VendorRef": ledger.contact(document.contact_id),
        "APAccountRef": ledger.account(document.account_id),
        "DueDate": (document.due_on or document.date).isoformat(), "Balance": money(0),
        "TotalAmt": money(document.total * factor),
    }  # fmt: skip


def _bill_payment(ledger: Ledger, document: Document, factor: int) -> Body:
    card = ledger.kind_of(document).type == "credit_card"
    account = ledger.account(document.account_id)
    paid: Body = {"PayType": "Check", "CheckPayment": {"BankAccountRef": account}}
    if card:
        paid = {"PayType": "CreditCard", "CreditCardPayment": {"CCAccountRef": account}}
    return {
        **paid, "VendorRef": ledger.contact(document.contact_id),
        "APAccountRef": ledger.account(document.lines[0].account_id),
        "TotalAmt": money(document.total * factor),
        "Line": [
            {
                "Amount": money(document.total * factor),
                "LinkedTxn": [{"TxnId": name, "TxnType": "Bill"}],
            }
            for name in document.linked
        ],
    }  # fmt: skip


def _purchase(ledger: Ledger, document: Document, factor: int) -> Body:
    card = ledger.kind_of(document).type == "credit_card"
    contact = ledger.contact(document.contact_id)
    return {
        "AccountRef": ledger.account(document.account_id),
        "PaymentType": "CreditCard" if card else "Cash",
        **({"Credit": document.direction == "in"} if card or document.direction == "in" else {}),
        **({"EntityRef": {**contact, "type": "Vendor"}} if contact else {}),
        "TotalAmt": money(document.total * factor),
        "Line": _expense_lines(ledger, document, factor), **_tax(document, factor),
    }  # fmt: skip


def _deposit(ledger: Ledger, document: Document, factor: int) -> Body:
    def detail(line: DocumentLine) -> tuple[str, Body]:
        return "DepositLineDetail", {"AccountRef": ledger.account(line.account_id)}

    return {
        "DepositToAccountRef": ledger.account(document.account_id),
        "TotalAmt": money(document.total * factor), "Line": _lines(document, factor, detail),
    }  # fmt: skip


def _transfer(ledger: Ledger, document: Document, factor: int) -> Body:
    return {
        "FromAccountRef": ledger.account(document.account_id),
        "ToAccountRef": ledger.account(document.lines[0].account_id),
        "Amount": money(document.total * factor),
    }  # fmt: skip


def _journal_entry(ledger: Ledger, document: Document, factor: int) -> Body:
    lines: list[Body] = []
    for number, line in enumerate(document.lines):
        lines.append({
            "Id": str(number), "Description": line.description,
            "Amount": money(abs(line.amount) * factor), "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {
                "PostingType": "Debit" if line.amount > 0 else "Credit",
                "AccountRef": ledger.account(line.account_id),
            },
        })  # fmt: skip
    return {"Adjustment": False, "Line": lines, "TxnTaxDetail": {}}


_KINDS: dict[str, Callable[[Ledger, Document, int], dict[str, Any]]] = {
    "invoice": _invoice, "sales_receipt": _paid_form, "credit_memo": _invoice,
    "refund": _paid_form, "payment": _payment, "bill": _bill, "bill_payment": _bill_payment,
    "purchase": _purchase, "deposit": _deposit, "transfer": _transfer,
    "journal_entry": _journal_entry,
}  # fmt: skip
