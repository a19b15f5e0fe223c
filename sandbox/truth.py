"""What may be asked of the world's truth? Its banks, its books, and what became of each payout."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sandbox.company.accounting import Document, entries
from sandbox.company.banking import BankAccount, BankLine
from sandbox.company.reach import REACH
from sandbox.company.wire_ids import wire_id
from sandbox.enablebanking.render import WITHOUT_REFERENCES
from sandbox.gocardless.render import BLANK_IDS, WITHOUT_IDS
from sandbox.world import World

NAMES = ("bank_accounts", "bank_lines", "bank_balances", "accounting", "reconciliation_truth")


def tell(world: World, name: str, at: int, only: str | None) -> Any:
    """One of `NAMES` as plain JSON values, as of a moment; `only` one bank account or kind.

    Raises:
        KeyError: There is no such bank account.
    """
    if name == "reconciliation_truth":
        return world.reconciliation_truth(at)
    if name == "accounting":
        return _accounting(world, at, only)
    accounts = world.bank.accounts if only is None else (world.bank.account(only),)
    if name == "bank_accounts":
        return [_plain(asdict(account)) for account in accounts]
    if name == "bank_balances":
        return {
            account.id: {
                "currency": account.currency,
                "balance": world.bank.balance_at(account.id, at),
                "available": world.bank.available_at(account.id, at),
            }
            for account in accounts
        }
    return [
        {
            **_plain(asdict(line)),
            "state": line.state_at(at),
            "wire_ids": {
                provider: _shown_id(provider, account, line, line.posted_at > at)
                for provider, reached in REACH.items()
                if account.id in reached
            },
        }
        for account in accounts
        for line in world.bank.lines_at(account.id, at)
    ]


def _accounting(world: World, at: int, only: str | None) -> dict[str, Any]:
    books = world.accounting
    shown = [
        _document(document, at)
        for document in books.all_documents
        if document.state_at(at) != "absent" and only in (None, document.kind)
    ]
    return {
        "accounts": [asdict(account) for account in books.accounts],
        "contacts": [asdict(contact) for contact in books.contacts if contact.created_at <= at],
        "documents": shown,
    }


def _document(document: Document, at: int) -> dict[str, Any]:
    names = ("account_id", "debit", "credit")
    return {
        **_plain(asdict(document)),
        "state": document.state_at(at),
        "entries": [dict(zip(names, entry, strict=True)) for entry in entries(document)],
    }


def _shown_id(provider: str, account: BankAccount, line: BankLine, pending: bool) -> str | None:
    """The id that a provider's first connection shows, None where the line has none."""
    if provider in ("plaid", "teller"):
        return wire_id(provider, line.id, pending)
    nameless = account.id in WITHOUT_IDS | BLANK_IDS
    if provider == "enablebanking":
        nameless = account.institution in WITHOUT_REFERENCES
    return None if pending or nameless else line.id


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """Dates as ISO text."""
    return {
        name: part.isoformat() if hasattr(part, "isoformat") else part
        for name, part in value.items()
    }
