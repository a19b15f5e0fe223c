"""How is an accounting document written? Its id, number and moments, from what it tells of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sandbox.company.accounting import JOURNALS, Document, DocumentKind, DocumentLine
from sandbox.company.banking import BankAccount, BankLine, Entity
from sandbox.company.calendar import DAY, midnight

_PREFIXES = {
    "invoice": "INV", "payment": "PMT", "bill": "BILL", "bill_payment": "BP", "purchase": "EXP",
    "deposit": "DEP", "transfer": "TRF", "journal_entry": "JE", "sales_receipt": "SR",
    "credit_memo": "CM", "refund": "RF", "bank_transaction": "BT", "manual_journal": "MJ",
}  # fmt: skip


@dataclass(slots=True)
class Clerk:
    """Collects the documents of both entities.

    While they are written, documents are named by their keys; `finish` gives each its id: in the
    us books, as in QuickBooks, the next whole number; in the eu books, as in Xero, a UUID.
    """

    seed: int
    accounts: dict[str, BankAccount]
    # Lines that pair with another, by id.
    pairs: dict[str, BankLine] = field(default_factory=dict)
    documents: list[Document] = field(default_factory=list)

    def chance(self, *path: object, below: int) -> int:
        """A number below a bound that belongs to a thing, the same on every run."""
        text = f"{self.seed}/books/{'/'.join(map(str, path))}"
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") % below

    def write(
        self, key: str, entity: Entity, kind: DocumentKind, on: date, currency: str,
        lines: tuple[DocumentLine, ...], known_at: int | None = None, **more: Any,
    ) -> Document:  # fmt: skip
        """Write a document some hours to two days after it is known.

        Args:
            key: What tells this document from every other.
            entity: Whose books.
            kind: What it is.
            on: The date on it.
            currency: Its one currency.
            lines: Its lines.
            known_at: When the bookkeeper could know of it; by default that day's morning.
            more: Further fields of the document.
        """
        begin = midnight(on) + 9 * 3_600 if known_at is None else known_at
        created_at = begin + 4 * 3_600 + self.chance("created", key, below=2 * DAY)
        changed_at = created_at
        if self.chance("changed", key, below=100) < 8:
            changed_at += DAY + self.chance("changed at", key, below=20 * DAY)
        total = sum(line.amount + line.tax for line in lines)
        if kind in JOURNALS:
            total = sum(max(line.amount, 0) for line in lines)
        document = Document(
            id=key, entity=entity, kind=kind, number="", date=on,
            due_on=more.pop("due_on", None), contact_id=more.pop("contact_id", None),
            currency=currency, lines=lines, total=total, linked=more.pop("linked", ()),
            created_at=more.pop("created_at", created_at), updated_at=changed_at,
            deleted_at=more.pop("deleted_at", None), voided_at=more.pop("voided_at", None), **more,
        )  # fmt: skip
        self.documents.append(document)
        return document

    def finish(self) -> list[Document]:
        """The documents with their ids and numbers, in the order of their creation."""
        ordered = sorted(self.documents, key=lambda document: (document.created_at, document.id))
        numbers: Counter[tuple[Entity, DocumentKind]] = Counter()
        names: dict[str, tuple[str, str]] = {}
        american = 0
        for document in ordered:
            numbers[document.entity, document.kind] += 1
            serial = numbers[document.entity, document.kind]
            number = f"{_PREFIXES[document.kind]}-{1000 + serial}"
            if document.entity == "us":
                american += 1
                names[document.id] = (str(american), number)
            else:
                text = f"{self.seed}/{document.id}"
                digest = blake2b(text.encode(), digest_size=16).digest()
                names[document.id] = (str(UUID(bytes=digest, version=4)), number)
        return [
            replace(
                document, id=names[document.id][0], number=names[document.id][1],
                linked=tuple(names[key][0] for key in document.linked),
            )
            for document in ordered
        ]  # fmt: skip
