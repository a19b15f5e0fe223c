"""What does QuickBooks call the company's ledger accounts, contacts and items, and when?

QuickBooks numbers what the company's books name by words.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from sandbox.company.accounting import AccountingBooks, Document, LedgerAccount

_PACIFIC = timezone(timedelta(hours=-8))
_TYPES = {
    "bank": ("Bank", "Asset", "Checking"),
    "credit_card": ("Credit Card", "Liability", "CreditCard"),
    "receivable": ("Accounts Receivable", "Asset", "AccountsReceivable"),
    "payable": ("Accounts Payable", "Liability", "AccountsPayable"),
    "current_asset": ("Other Current Asset", "Asset", "OtherCurrentAssets"),
    "current_liability": ("Other Current Liability", "Liability", "SalesTaxPayable"),
    "long_term_liability": ("Long Term Liability", "Liability", "NotesPayable"),
    "equity": ("Equity", "Equity", "OpeningBalanceEquity"),
    "revenue": ("Income", "Revenue", "SalesOfProductIncome"),
    "other_income": ("Other Income", "Revenue", "InterestEarned"),
    "expense": ("Expense", "Expense", "OtherBusinessExpenses"),
}
_CURRENCY_NAMES = {"usd": "United States Dollar"}

Body = dict[str, Any]


def money(minor: int) -> msgspec.Raw:
    """An amount as QuickBooks writes it: a number with two decimals."""
    sign, digits = "-" if minor < 0 else "", f"{abs(minor):03d}"
    return msgspec.Raw(f"{sign}{digits[:-2]}.{digits[-2:]}".encode())


def moment(at: int) -> str:
    """A moment as QuickBooks writes it, in the company's zone."""
    return datetime.fromtimestamp(at, UTC).astimezone(_PACIFIC).isoformat()


def currency(code: str) -> Body:
    """A reference to a currency."""
    return {"value": code.upper(), "name": _CURRENCY_NAMES.get(code, code.upper())}


def head(identity: str, created_at: int, updated_at: int, token: int = 0) -> Body:
    """What every object begins with."""
    return {
        "domain": "QBO", "sparse": False, "Id": identity, "SyncToken": str(token),
        "MetaData": {"CreateTime": moment(created_at), "LastUpdatedTime": moment(updated_at)},
    }  # fmt: skip


class Ledger:
    """QuickBooks' numbers for the us entity's accounts, contacts and items."""

    def __init__(self, books: AccountingBooks, start: int) -> None:
        """Number what the books hold."""
        self.start = start
        self.accounts = {a.id: (str(n), a) for n, a in enumerate(books.accounts_of("us"), start=33)}
        self.contacts = {c.id: (str(n), c) for n, c in enumerate(books.contacts_of("us"), start=1)}
        items: dict[str, str] = {}
        for document in books.documents(entity="us"):
            for line in document.lines:
                items.setdefault(line.item or "Services", line.account_id)
        self.items = {name: (str(n), name, account) for n, (name, account) in
                      enumerate(sorted(items.items()), start=1)}  # fmt: skip

    def account(self, identity: str | None) -> Body:
        """A reference to an account.

        Raises:
            KeyError: The books have none of that id.
        """
        number, account = self.accounts[identity or ""]
        return {"value": number, "name": account.name}

    def contact(self, identity: str | None) -> Body | None:
        """A reference to a customer or vendor."""
        if identity is None:
            return None
        number, contact = self.contacts[identity]
        return {"value": number, "name": contact.name}

    def kind_of(self, document: Document) -> LedgerAccount:
        """The ledger account that a document moves."""
        return self.accounts[document.account_id or ""][1]

    def item(self, name: str | None) -> Body:
        """A reference to an item."""
        number, title, _ = self.items[name or "Services"]
        return {"value": number, "name": title}

    def account_objects(self) -> Iterator[tuple[str, int, int, Body]]:
        """(id, created, updated, object) of every ledger account."""
        for number, account in self.accounts.values():
            kind, classification, subtype = _TYPES[account.type]
            yield number, self.start, self.start, {
                "Name": account.name, "SubAccount": False, "FullyQualifiedName": account.name,
                "Active": True, "Classification": classification, "AccountType": kind,
                "AccountSubType": subtype, "AcctNum": account.code,
                "CurrentBalance": 0, "CurrentBalanceWithSubAccounts": 0,
                "CurrencyRef": currency(account.currency),
                **head(number, self.start, self.start),
            }  # fmt: skip

    def contact_objects(self, kind: str) -> Iterator[tuple[str, int, int, Body]]:
        """(id, created, updated, object) of every customer or vendor."""
        for number, contact in self.contacts.values():
            if contact.kind != kind:
                continue
            own = {"Taxable": False, "Job": False} if kind == "customer" else {"Vendor1099": False}
            yield number, contact.created_at, contact.updated_at, {
                **own, "DisplayName": contact.name, "CompanyName": contact.name,
                "PrintOnCheckName": contact.name, "Active": True, "Balance": 0,
                "BillAddr": {"Id": number, "Country": contact.country},
                "PrimaryEmailAddr": {"Address": contact.email},
                "CurrencyRef": currency("usd"),
                **head(number, contact.created_at, contact.updated_at,
                       int(contact.updated_at > contact.created_at)),
            }  # fmt: skip

    def item_objects(self) -> Iterator[tuple[str, int, int, Body]]:
        """(id, created, updated, object) of every item."""
        for number, name, account in self.items.values():
            yield number, self.start, self.start, {
                "Name": name, "Active": True, "FullyQualifiedName": name, "Taxable": False,
                "UnitPrice": 0, "Type": "Service", "IncomeAccountRef": self.account(account),
                "PurchaseCost": 0, "TrackQtyOnHand": False,
                **head(number, self.start, self.start),
            }  # fmt: skip
