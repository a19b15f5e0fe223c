"""What do payouts, deposits and entries with their verdicts look like to callers?"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.money import format_minor

_EXAMPLE: JsonDict = {
    "id": "po_1PqXk2Eexample",
    "connection_id": "conn_demo",
    "account_id": "",
    "happened_on": "2024-05-02",
    "currency": "USD",
    "amount": "1249.00",
    "amount_minor": 124900,
    "verdict": "matched",
    "bank_verdict": "matched",
    "books_verdict": "matched",
    "is_unmatched": False,
    "reason": "Bank: the same amount; on 2024-05-02, its day. Books: booked: the same amount.",
    "confidence": 998,
    "difference_minor": 0,
    "payouts": [{"connection_id": "conn_demo", "id": "po_1PqXk2Eexample"}],
    "deposits": [{"connection_id": "conn_bank", "id": "tx_example"}],
    "entries": [{"connection_id": "conn_books", "id": "deposit/17"}],
    "reconciled_at": "2024-05-03T06:12:00Z",
}


class Thing(BaseModel):
    """A payout, a bank line or a document of the books."""

    connection_id: str
    id: str


class Match(BaseModel):
    """What became of one payout, deposit or entry, and why we think so."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str = Field(description="The payout, transaction or document of the books")
    connection_id: str
    account_id: str = Field(description="A deposit's bank account, an entry's account of the books")
    happened_on: date = Field(description="When a payout is due, a deposit booked, an entry dated")
    currency: str
    amount: str = Field(description="Major units, exact decimal; positive is into the bank")
    amount_minor: int
    verdict: str = Field(description="The graver of the two that follow (docs/reconciliation.md)")
    bank_verdict: str
    books_verdict: str
    is_unmatched: bool = Field(description="Somebody should look at it")
    reason: str = Field(description="The evidence in words")
    confidence: int = Field(description="The match's score, in thousandths; 0 without a match")
    difference_minor: int = Field(description="What the bank kept; of an entry, booked too much")
    payouts: list[Thing] = Field(description="The payouts of the match, itself included")
    deposits: list[Thing] = Field(description="Its bank lines")
    entries: list[Thing] = Field(description="Its documents in the books, repeated ones too")
    reconciled_at: datetime


class PayoutLines(BaseModel):
    """What a payout was made of, by kind of movement."""

    category: str
    currency: str
    lines: int
    amount_minor: int
    fee_minor: int
    net_minor: int


class BankLine(BaseModel):
    """A line of the bank that carried a payout; its journal is `bank:{id}`."""

    id: str
    connection_id: str
    account_id: str
    booked_on: date | None
    amount_minor: int
    currency: str
    description: str | None
    journal_id: str = Field(description="See GET /v1/ledger/journals/{journal_id}")


class Document(BaseModel):
    """A document of the books that tells of a payout."""

    id: str
    connection_id: str
    provider: str
    type: str
    number: str | None
    issued_on: date | None
    currency: str | None
    description: str | None


class PayoutWalk(Match):
    """A payout and everything on its way: what it was made of, where it came, what was booked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_EXAMPLE, "lines": [], "residual_minor": None,
                    "bank_lines": [], "documents": [],
                }
            ]
        }
    )  # fmt: skip

    lines: list[PayoutLines] = Field(description="Empty where it was not made by schedule")
    residual_minor: int | None = Field(description="Lines less payout; null without lines")
    bank_lines: list[BankLine]
    documents: list[Document]


def match_of(row: Mapping[str, Any]) -> Match:
    """Return the shape of one row."""
    return Match(amount=format_minor(row["amount_minor"], row["currency"]), **row)
