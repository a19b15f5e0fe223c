"""How do a company's banks and books get into the unified tables without their connectors?

As each provider's feed would write them: accounts, posted lines, booked balances, documents. An
account that two providers reach is there twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from core.clock import epoch_microseconds
from core.warehouse import Warehouse
from sandbox.company.accounting import entries as double_entry
from sandbox.company.banking import BankAccount
from sandbox.company.calendar import midnight
from sandbox.world import World

BOOKS = {"us": "conn_quickbooks", "eu": "conn_xero"}


@dataclass(frozen=True)
class Banked:
    """A company whose banks and books are landed in a workspace, up to a day."""

    world: World
    workspace: str
    until: date
    landed_at: datetime
    reach: Mapping[str, Iterable[str]]

    def insert(self, warehouse: Warehouse, table: str, rows: list[dict[str, Any]]) -> None:
        """Write rows of a unified table, newer than every row before."""
        stamped = [
            {"workspace_id": self.workspace, "version": next(_VERSIONS), "is_deleted": 0,
             "extracted_at": self.landed_at, "landed_at": self.landed_at} | row
            for row in rows
        ]  # fmt: skip
        columns = list(stamped[0])
        values = [[row[column] for column in columns] for row in stamped]
        warehouse.insert_rows(f"unified.{table}", values, columns)

    def land(self, warehouse: Warehouse) -> None:
        """Write every account, line, balance and document."""
        for provider, names in self.reach.items():
            for name in names:
                account = self.world.bank.account(name)
                self.insert(warehouse, "accounts", [self.account(provider, account)])
                self.insert(warehouse, "transactions", self.lines(provider, name))
                self.insert(warehouse, "balances", [self.balance(provider, name, self.until)])
        accounts = [self.books_account(account) for account in self.world.accounting.accounts]
        self.insert(warehouse, "accounting_accounts", accounts)
        self.insert(warehouse, "accounting_documents", self.documents())

    def account(self, provider: str, account: BankAccount) -> dict[str, Any]:
        """An account, as a provider shows it: only European ones tell an IBAN."""
        european = provider in ("gocardless", "enablebanking")
        return {
            "connection_id": f"conn_{provider}", "id": shown(provider, account.id),
            "provider": provider,
            "name": account.name, "type": account.kind, "currency": account.currency.upper(),
            "institution_name": account.institution, "mask": account.mask,
            "iban": account.iban if european else None, "holder_name": "Northwind Analytics",
            "source_table": f"raw.{provider}_account", "source_id": account.id,
        }  # fmt: skip

    def lines(self, provider: str, account_id: str) -> list[dict[str, Any]]:
        """The posted lines of an account."""
        return [
            {"connection_id": f"conn_{provider}", "id": shown(provider, line.id),
             "provider": provider, "account_id": shown(provider, account_id),
             "type": line.kind if line.kind in ("fee", "interest", "transfer") else "payment",
             "status": "succeeded",
             "amount_minor": line.amount, "currency": line.currency.upper(),
             "occurred_at": datetime.fromtimestamp(line.posted_at, UTC),
             "booked_on": line.booked_on, "description": line.description,
             "original_amount_minor": line.original[0] if line.original else None,
             "original_currency": line.original[1].upper() if line.original else None,
             "source_table": f"raw.{provider}_transaction", "source_id": line.id}
            for line in self.world.bank.lines(account_id)
            if line.posted_at < midnight(self.until)
        ]  # fmt: skip

    def balance(self, provider: str, account_id: str, on: date) -> dict[str, Any]:
        """What the bank reports at a day's beginning."""
        return {
            "connection_id": f"conn_{provider}", "account_id": shown(provider, account_id),
            "provider": provider, "type": "booked",
            "currency": self.world.bank.account(account_id).currency.upper(),
            "amount_minor": self.world.bank.balance_at(account_id, midnight(on) - 1),
            "reported_on": on, "reported_at": datetime.fromtimestamp(midnight(on), UTC),
            "source_table": f"raw.{provider}_balance", "source_id": f"{account_id}/{on}",
        }  # fmt: skip

    def books_account(self, account: Any) -> dict[str, Any]:
        """An account of the books."""
        return {
            "connection_id": BOOKS[account.entity], "id": account.id, "provider": "xero",
            "name": account.name, "type": account.type, "role": "",
            "currency": account.currency.upper(), "source_table": "raw.books",
            "source_id": account.id,
        }  # fmt: skip

    def documents(self) -> list[dict[str, Any]]:
        """The documents of the books, each as the debits and credits that it is."""
        types = {account.id: account.type for account in self.world.accounting.accounts}
        found = []
        for document in self.world.accounting.documents(at=midnight(self.until)):
            if document.date >= self.until or document.currency not in ("eur", "usd"):
                continue
            lines = []
            memo = document.lines[0].description
            for account, debit, credit in double_entry(document):
                whole, rest = divmod(debit or credit, 100)
                role = "bank" if types.get(account) == "bank" else "line"
                lines.append(
                    (account, None, role, 1 if debit else -1, f"{whole}.{rest:02d}", None, memo)
                )
            found.append(
                {"connection_id": BOOKS[document.entity], "id": f"{document.kind}/{document.id}",
                 "provider": "xero" if document.entity == "eu" else "quickbooks",
                 "type": "deposit", "status": "posted", "contact_name": document.contact_id,
                 "currency": document.currency.upper(), "issued_on": document.date,
                 "entries": lines, "source_table": "raw.books", "source_id": document.id}
            )  # fmt: skip
        return found


def shown(provider: str, identity: str) -> str:
    """The id under which a provider shows a thing."""
    return f"{provider}_{identity}"


_VERSIONS = count(epoch_microseconds(datetime(2026, 12, 11, 6, tzinfo=UTC)))
