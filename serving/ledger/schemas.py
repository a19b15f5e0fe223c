"""What do entries, journals and balances of the ledger look like to callers?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.money import format_minor
from serving.lineage import Lineage

_EXAMPLE: JsonDict = {
    "journal_id": "balance:txn_1PqXk2Eexample",
    "connection_id": "conn_demo",
    "revision": 1,
    "is_reversal": False,
    "entry_number": 1,
    "journal_type": "stripe_charge",
    "account_code": "1010",
    "account_id": "",
    "currency": "USD",
    "amount": "46.55",
    "amount_minor": 4655,
    "debit_minor": 4655,
    "credit_minor": 0,
    "effective_at": "2024-05-01T12:00:00Z",
    "recorded_at": "2024-05-01T12:14:03Z",
    "source_table": "raw.stripe_balance_transaction",
    "source_id": "txn_1PqXk2Eexample",
    "source_version": 1714564800000000,
}
_BALANCE: JsonDict = {
    "account_code": "1000",
    "account_name": "Bank accounts",
    "account_type": "asset",
    "number": "1000",
    "account_id": "acc_example",
    "bank_account": "Business Checking 7734",
    "currency": "USD",
    "debits_minor": 900000,
    "credits_minor": 350000,
    "balance": "5500.00",
    "balance_minor": 550000,
    "moved_at": "2024-05-01T00:00:00Z",
}


class LedgerEntry(BaseModel):
    """One debit or credit of a journal."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    journal_id: str = Field(description="One business fact; its entries sum to zero per currency")
    connection_id: str
    revision: int = Field(description="1, 2, …: which writing of the journal")
    is_reversal: bool = Field(description="It takes an entry of this revision back")
    entry_number: int
    journal_type: str
    account_code: str = Field(description="See GET /v1/ledger/accounts")
    account_id: str = Field(description="Which bank account, card or loan; empty for others")
    currency: str = Field(description="ISO 4217, upper case")
    amount: str = Field(description="Major units, exact decimal; debits positive")
    amount_minor: int
    debit_minor: int
    credit_minor: int
    effective_at: datetime = Field(description="When the fact happened")
    recorded_at: datetime = Field(description="When the entry was written")
    source_table: str = Field(description="The raw table behind it")
    source_id: str = Field(description="Its id there")
    source_version: int = Field(description="The version of it that the entry was computed from")


class Journal(BaseModel):
    """One business fact in the books: every writing of it, and the raw objects behind it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "journal_id": "balance:txn_1PqXk2Eexample",
                    "connection_id": "conn_demo",
                    "journal_type": "stripe_charge",
                    "entries": [_EXAMPLE],
                    "lineage": {
                        "source_table": "raw.stripe_balance_transaction",
                        "source_id": "txn_1PqXk2Eexample",
                        "states": [],
                    },
                }
            ]
        }
    )

    journal_id: str
    connection_id: str
    journal_type: str
    entries: list[LedgerEntry] = Field(description="In the order in which they were written")
    lineage: Lineage


class AccountBalance(BaseModel):
    """What an account of the ledger came to, in one currency."""

    model_config = ConfigDict(json_schema_extra={"examples": [_BALANCE]})

    account_code: str
    account_name: str = Field(description="As the workspace calls it")
    account_type: str = Field(description="asset, liability, equity, revenue or expense")
    number: str = Field(description="As the workspace numbers it")
    account_id: str = Field(description="Which bank account, card or loan; empty for others")
    bank_account: str = Field(description="What its bank calls it, and its last digits")
    currency: str
    debits_minor: int
    credits_minor: int
    balance: str = Field(description="Debits less credits; major units, exact decimal")
    balance_minor: int
    moved_at: datetime = Field(description="Its newest fact")


class TrialBalance(BaseModel):
    """Every account's balance; those of a currency sum to zero."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"data": [_BALANCE]}]})

    data: list[AccountBalance]


def entry_of(row: Mapping[str, Any]) -> LedgerEntry:
    """Return the shape of one row."""
    return LedgerEntry(amount=format_minor(row["amount_minor"], row["currency"]), **row)


def balance_of(
    row: Mapping[str, Any], account: Mapping[str, str], bank_account: str
) -> AccountBalance:
    """Return the shape of one balance, of an account of the workspace's chart."""
    return AccountBalance(
        bank_account=bank_account,
        balance=format_minor(row["balance_minor"], row["currency"]),
        account_name=account["name"], account_type=account["type"], number=account["number"],
        **row,
    )  # fmt: skip
