"""Which objects does a Xero organisation list at a moment? Rendered once per state."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from sandbox.company.accounting import AccountingBooks, Document
from sandbox.xero.documents import journal, render
from sandbox.xero.ledger import Body, Ledger

DOCUMENTS = (
    "Invoices", "CreditNotes", "Payments", "BankTransactions", "BankTransfers", "ManualJournals",
)  # fmt: skip
_DATE = re.compile(r"Date\s*(>=|<=|>|<|==)\s*DateTime\((\d+),\s*(\d+),\s*(\d+)\)")


@dataclass(frozen=True, slots=True)
class Row:
    """One object as a list sees it."""

    id: str
    updated_at: int
    on: date | None
    body: bytes


class WhereError(ValueError):
    """The filter is none that is understood."""


class Objects:
    """The eu entity's books as Xero's objects."""

    def __init__(self, books: AccountingBooks, start: int) -> None:
        """Show these books, begun at `start`."""
        self.books = books
        self.ledger = Ledger(books, start)
        self._rendered: dict[tuple[str, int], list[tuple[str, Row]]] = {}
        self._listed: tuple[int, Mapping[str, list[Row]]] = (-1, {})
        self._journals: list[tuple[int, bytes]] | None = None

    def rows(self, name: str, at: int) -> list[Row]:
        """Every object of a list that exists at a moment, deleted ones too."""
        if name == "Accounts":
            return [Row(i, u, None, wire(body)) for i, u, body in self.ledger.account_objects()]
        if name == "Contacts":
            return [Row(i, u, None, wire(body)) for i, u, body in self.ledger.contact_objects()]
        if self._listed[0] != at:
            self._listed = (at, self._documents(at))
        return self._listed[1].get(name, [])

    def _documents(self, at: int) -> Mapping[str, list[Row]]:
        """The documents' objects by list: worked out once a second, however many lists are read."""
        found: Mapping[str, list[Row]] = defaultdict(list)
        for document in self.books.all_documents:
            if document.created_at > at:
                break
            if document.entity == "eu":
                for listed, row in self._document(document, at):
                    found[listed].append(row)
        return found

    def journals(self, offset: int, at: int, most: int) -> list[bytes]:
        """The journals after a number."""
        if self._journals is None:
            documents = [d for d in self.books.all_documents if d.entity == "eu"]
            self._journals = [
                (document.created_at, wire(journal(self.ledger, document, number)))
                for number, document in enumerate(documents, start=1)
            ]
        page = self._journals[offset : offset + most]
        return [body for created_at, body in page if created_at <= at]

    def _document(self, document: Document, at: int) -> list[tuple[str, Row]]:
        key = (document.id, document.changed_at(at))
        if key not in self._rendered:
            self._rendered[key] = [
                (name, Row(identity, changed, document.date, wire(body)))
                for name, identity, changed, body in render(self.ledger, self.books, document, at)
            ]
        return self._rendered[key]


def wire(body: Body) -> bytes:
    """An object's JSON with the slashes of its dates escaped, as Xero writes them."""
    text = msgspec.json.encode(body)
    return text.replace(b'"/Date(', b'"\\/Date(').replace(b')/"', b')\\/"')


def selected(rows: Sequence[Row], where: str, since: int) -> list[Row]:
    """The rows that a filter and If-Modified-Since leave.

    Raises:
        WhereError: The filter is none that is understood.
    """
    found = [row for row in rows if row.updated_at >= since]
    for part in filter(None, re.split(r"\s+AND\s+", where)):
        match = _DATE.fullmatch(part.strip())
        if match is None:
            raise WhereError(part)
        sign, on = match[1], date(*(int(match[n]) for n in (2, 3, 4)))
        found = [row for row in found if row.on is not None and _holds(row.on, sign, on)]
    return found


def _holds(value: date, sign: str, on: date) -> bool:
    return {
        ">=": value >= on, "<=": value <= on, ">": value > on, "<": value < on, "==": value == on,
    }[sign]  # fmt: skip
