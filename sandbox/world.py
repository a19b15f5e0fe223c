"""What is the world that the provider sandboxes beside Stripe's show?

The demo company's banks and its accounting books, made from its seed and its payouts when first
asked for, and the truth about every payout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sandbox.company.accounting import AccountingBooks
from sandbox.company.bank_life import BankSpec, live_at_the_bank
from sandbox.company.banking import Bank
from sandbox.company.bookkeeper import keep_books
from sandbox.company.books import Books
from sandbox.company.mishaps import PayoutFact
from sandbox.company.treasury import movements


@dataclass
class World:
    """One company's money outside Stripe; equal specs show equal worlds."""

    spec: BankSpec
    # What each month did to the balance at Stripe; asked for when the books are first opened,
    # because summing the movements of a large company takes seconds.
    months: Callable[[], Sequence[Mapping[str, Any]]] = tuple

    @classmethod
    def of(cls, seed: int, books: Books) -> World:
        """The world of the company whose Stripe side stands in `books`."""
        payouts = tuple(PayoutFact(**row) for row in books.payout_facts())
        topups = tuple(
            (movement.id, movement.created, movement.amount, movement.currency)
            for movement in movements(books.start, books.until)
            if movement.kind == "topup"
        )
        spec = BankSpec(seed, books.start, books.until, payouts, topups)
        return cls(spec, books.months)

    @property
    def fingerprint(self) -> str:
        """What tells this world from another's in a data folder."""
        spec = self.spec
        return f"seed={spec.seed} {spec.start_at}-{spec.until_at} payouts={len(spec.payouts)}"

    @cached_property
    def _banking(self) -> tuple[Bank, dict[str, str]]:
        return live_at_the_bank(self.spec)

    @property
    def bank(self) -> Bank:
        """The company's banks."""
        return self._banking[0]

    @property
    def mishaps(self) -> dict[str, str]:
        """What went wrong with which payout: its id and the mishap's name."""
        return self._banking[1]

    @cached_property
    def accounting(self) -> AccountingBooks:
        """The company's accounting books."""
        return keep_books(self.spec, self.bank, self.mishaps, self.months())

    @cached_property
    def _places(self) -> tuple[dict[str, list[tuple[int, str]]], dict[str, list[tuple[int, str]]]]:
        """When which bank line and which document tell of each payout."""
        lines: dict[str, list[tuple[int, str]]] = {}
        for account in self.bank.accounts:
            for line in self.bank.lines(account.id):
                for payout in line.payout_ids:
                    lines.setdefault(payout, []).append((line.posted_at, line.id))
        documents: dict[str, list[tuple[int, str]]] = {}
        for document in self.accounting.all_documents:
            for payout in document.payout_ids:
                documents.setdefault(payout, []).append((document.created_at, document.id))
        return lines, documents

    def reconciliation_truth(self, at: int) -> list[dict[str, Any]]:
        """Every payout by a moment: its deposit, its accounting documents, what went wrong.

        `fault` holds whatever the moment; the ids are those that show by then.
        """
        lines, documents = self._places
        return [
            {
                "payout_id": payout.id,
                "currency": payout.currency,
                "amount": payout.amount,
                "created": payout.created,
                "arrival": payout.arrival,
                "bank_line_ids": [name for when, name in lines.get(payout.id, ()) if when <= at],
                "accounting_document_ids": [
                    name for when, name in documents.get(payout.id, ()) if when <= at
                ],
                "fault": self.mishaps.get(payout.id),
            }
            for payout in self.spec.payouts
            if payout.created <= at
        ]
