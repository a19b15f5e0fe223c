"""Which objects does a QuickBooks company show at a moment? Rendered once per state."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from sandbox.company.accounting import AccountingBooks, Document, DocumentKind
from sandbox.quickbooks import COMPANY
from sandbox.quickbooks.documents import ENTITY_OF, render
from sandbox.quickbooks.ledger import Body, Ledger, head, moment
from sandbox.quickbooks.query import Row

KIND_OF: dict[str, DocumentKind] = {name: kind for kind, name in ENTITY_OF.items()}  # type: ignore[misc]
NAMES = ("Account", "Customer", "Vendor", "Item")
ENTITIES = ("CompanyInfo", "Preferences", *NAMES, *KIND_OF, "VendorCredit")


class Objects:
    """The us entity's books as QuickBooks' objects."""

    def __init__(self, books: AccountingBooks, start: int) -> None:
        """Show these books, begun at `start`."""
        self.books = books
        self.ledger = Ledger(books, start)
        self.start = start
        self._rendered: dict[tuple[str, int], Row] = {}
        self._names: dict[str, list[Row]] = {}

    def rows(self, entity: str, at: int) -> list[Row]:
        """Every object of a kind that exists at a moment."""
        if entity in KIND_OF:
            found = self.books.documents(KIND_OF[entity], "us", at)
            return [self._document(document, at) for document in found]
        return self._named(entity)

    def changes(self, entity: str, since: int, at: int) -> list[Row]:
        """What changed of a kind after a moment, removals as QuickBooks words them."""
        if entity not in KIND_OF:
            return [row for row in self._named(entity) if row.updated_at >= since]
        found = []
        for document in self.books.changed_since(since - 1, at, "us"):
            if document.kind != KIND_OF[entity]:
                continue
            if document.state_at(at) == "deleted":
                found.append(_tombstone(document, at))
            else:
                found.append(self._document(document, at))
        return found

    def _document(self, document: Document, at: int) -> Row:
        changed = document.changed_at(at)
        key = (document.id, changed)
        if key not in self._rendered:
            body = msgspec.json.encode(render(self.ledger, document, at))
            self._rendered[key] = Row(document.id, document.created_at, changed, body)
        return self._rendered[key]

    def _named(self, entity: str) -> list[Row]:
        if entity not in self._names:
            made: Iterable[tuple[str, int, int, Body]] = {
                "Account": self.ledger.account_objects,
                "Customer": lambda: self.ledger.contact_objects("customer"),
                "Vendor": lambda: self.ledger.contact_objects("vendor"),
                "Item": self.ledger.item_objects,
                "CompanyInfo": self._company,
                "Preferences": self._preferences,
            }.get(entity, lambda: ())()
            self._names[entity] = [Row(i, c, u, msgspec.json.encode(b)) for i, c, u, b in made]
        return self._names[entity]

    def _company(self) -> Iterable[tuple[str, int, int, Body]]:
        yield "1", self.start, self.start, {
            "CompanyName": COMPANY, "LegalName": COMPANY, "Country": "US",
            "CompanyStartDate": moment(self.start)[:10], "FiscalYearStartMonth": "January",
            "SupportedLanguages": "en", "NameValue": [], **head("1", self.start, self.start),
        }  # fmt: skip

    def _preferences(self) -> Iterable[tuple[str, int, int, Body]]:
        yield "1", self.start, self.start, {
            "CurrencyPrefs": {
                "MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"},
            },
            "TaxPrefs": {"UsingSalesTax": False}, **head("1", self.start, self.start),
        }  # fmt: skip


def _tombstone(document: Document, at: int) -> Row:
    body = {
        "domain": "QBO", "status": "Deleted", "Id": document.id,
        "MetaData": {"LastUpdatedTime": moment(document.changed_at(at))},
    }  # fmt: skip
    changed = document.changed_at(at)
    return Row(document.id, document.created_at, changed, msgspec.json.encode(body))
