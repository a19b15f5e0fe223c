"""What stands in the company's accounting books? Ledger accounts, contacts and documents.

The us entity keeps its books in QuickBooks, the eu entity in Xero. A document has one currency and
is a double entry: it moves its own account (`account_id`: the bank, receivables, payables) by its
total, `in` (debit) or `out` (credit), and its lines' accounts the other way. In journals, which
have no own account, a line's amount is a debit where positive and a credit where negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date as Day  # noqa: N812 - a document has a field of that name
from typing import Literal

from sandbox.company.banking import Entity

DocumentKind = Literal[
    "invoice",
    "payment",
    "bill",
    "bill_payment",
    "purchase",
    "deposit",
    "transfer",
    "journal_entry",
    "sales_receipt",
    "credit_memo",
    "refund",
    "bank_transaction",
    "manual_journal",
]
_EVER = 1 << 60
JOURNALS = frozenset({"journal_entry", "manual_journal"})
AccountType = Literal[
    "bank",
    "credit_card",
    "receivable",
    "payable",
    "current_asset",
    "current_liability",
    "long_term_liability",
    "equity",
    "revenue",
    "other_income",
    "expense",
]
DocumentState = Literal["absent", "live", "deleted", "voided"]


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """One account of an entity's chart; `bank_account_id` where it stands for a bank account."""

    id: str
    entity: Entity
    code: str
    name: str
    type: AccountType
    currency: str
    bank_account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer or vendor of an entity; times are epoch seconds."""

    id: str
    entity: Entity
    kind: Literal["customer", "vendor"]
    name: str
    email: str
    country: str
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One line: an amount without its tax, on an account."""

    account_id: str
    amount: int
    tax: int = 0
    description: str = ""
    item: str | None = None
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One document of an entity's books; `total` is never negative, `direction` gives its sign.

    `linked` are the documents that it settles (a payment its invoice), `bank_line_ids` the bank
    lines that it tells of, `payout_ids` the payouts, `fault` what the bookkeeper got wrong.
    """

    id: str
    entity: Entity
    kind: DocumentKind
    number: str
    date: Day
    due_on: Day | None
    contact_id: str | None
    currency: str
    lines: tuple[DocumentLine, ...]
    total: int
    linked: tuple[str, ...]
    created_at: int
    updated_at: int
    deleted_at: int | None
    voided_at: int | None
    payout_ids: tuple[str, ...] = ()
    fault: str | None = None
    account_id: str | None = None
    direction: Literal["in", "out", "none"] = "none"
    bank_line_ids: tuple[str, ...] = ()

    def state_at(self, at: int) -> DocumentState:
        """What the books show of the document at a moment."""
        if at < self.created_at:
            return "absent"
        if self.deleted_at is not None and self.deleted_at <= at:
            return "deleted"
        return "voided" if self.voided_at is not None and self.voided_at <= at else "live"

    def changed_at(self, at: int) -> int:
        """When, as seen at a moment, the document changed last."""
        moments = (self.updated_at, self.deleted_at, self.voided_at)
        return max([self.created_at, *(moment for moment in moments if moment and moment <= at)])


def tax_account(entity: Entity) -> str:
    """The account on which an entity's sales tax stands, owed and prepaid."""
    return f"{entity}_sales_tax"


def entries(document: Document) -> tuple[tuple[str, int, int], ...]:
    """The double entry of a document: (account, debit, credit) with neither negative."""
    if document.kind in JOURNALS:
        signed = [(line.account_id, line.amount) for line in document.lines]
    else:
        assert document.account_id is not None
        sign = 1 if document.direction == "in" else -1
        signed = [(document.account_id, sign * document.total)]
        signed += [(line.account_id, -sign * line.amount) for line in document.lines]
        tax = tax_account(document.entity)
        signed += [(tax, -sign * line.tax) for line in document.lines if line.tax]
    return tuple((account, max(amount, 0), max(-amount, 0)) for account, amount in signed)


class AccountingBooks:
    """The books of both entities."""

    def __init__(
        self,
        accounts: Sequence[LedgerAccount],
        contacts: Sequence[Contact],
        documents: Iterable[Document],
    ) -> None:
        """Hold these."""
        self.accounts, self.contacts = tuple(accounts), tuple(contacts)
        self.all_documents = tuple(
            sorted(documents, key=lambda document: (document.created_at, document.id))
        )
        self._by_id = {document.id: document for document in self.all_documents}
        self._shelves: dict[tuple[Entity, DocumentKind], list[Document]] = {}
        for document in self.all_documents:
            self._shelves.setdefault((document.entity, document.kind), []).append(document)

    def accounts_of(self, entity: Entity) -> Sequence[LedgerAccount]:
        """An entity's chart of accounts."""
        return [account for account in self.accounts if account.entity == entity]

    def contacts_of(self, entity: Entity) -> Sequence[Contact]:
        """An entity's customers and vendors."""
        return [contact for contact in self.contacts if contact.entity == entity]

    def document(self, identity: str) -> Document:
        """One document, of the past or the future.

        Raises:
            KeyError: There is none of that id.
        """
        return self._by_id[identity]

    def documents(
        self, kind: DocumentKind | None = None, entity: Entity | None = None, at: int | None = None
    ) -> Sequence[Document]:
        """Documents oldest first: of a kind, of an entity, and those that exist at a moment.

        With a moment, deleted documents are left out and voided ones are not.
        """
        now = _EVER if at is None else at
        return [
            document
            for document in self._of(kind, entity)
            if document.created_at <= now and (at is None or document.state_at(now) != "deleted")
        ]

    def changed_since(
        self,
        since: int,
        at: int | None = None,
        entity: Entity | None = None,
        kind: DocumentKind | None = None,
    ) -> Sequence[Document]:
        """Documents created, changed, voided or deleted after `since` and by `at`, oldest first."""
        now = _EVER if at is None else at
        found = [
            document
            for document in self._of(kind, entity)
            if document.created_at <= now and document.changed_at(now) > since
        ]
        return sorted(found, key=lambda document: (document.changed_at(now), document.id))

    def _of(self, kind: DocumentKind | None, entity: Entity | None) -> Sequence[Document]:
        """The documents of a kind and an entity, oldest first."""
        if kind is not None and entity is not None:
            return self._shelves.get((entity, kind), ())
        return [
            document
            for document in self.all_documents
            if kind in (None, document.kind) and entity in (None, document.entity)
        ]
