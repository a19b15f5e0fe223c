"""What does a transaction look like to callers? Its JSON shape, made from a row of unified."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.money import format_minor

_EXAMPLE: JsonDict = {
    "id": "ch_3PqXk2Eexample",
    "provider": "stripe",
    "connection_id": "conn_demo",
    "account_id": "stripe_balance",
    "type": "charge",
    "status": "failed",
    "amount": "49.00",
    "amount_minor": 4900,
    "currency": "USD",
    "description": "Subscription update",
    "customer_id": "cus_QExample",
    "counterparty": None,
    "invoice_id": "in_1PqXk2Eexample",
    "payment_id": "pi_3PqXk2Eexample",
    "parent_id": None,
    "failure_code": "card_declined",
    "decline_code": "insufficient_funds",
    "payment_method_type": "card",
    "occurred_at": "2024-05-01T12:00:00Z",
    "posted_at": None,
    "state_at": "2024-05-01T12:00:01Z",
}


class Transaction(BaseModel):
    """One movement of money, as its provider holds it now."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str = Field(description="The provider's id, unique in its connection")
    provider: str = Field(description="`stripe`, …")
    connection_id: str
    account_id: str = Field(description="The account it moved; see /v1/accounts")
    type: str = Field(description="`charge`, `refund`, `dispute`, `payout`, `transfer`, `fee`, …")
    status: str = Field(
        description="`succeeded` (money moved), `pending`, `authorized` (held, not captured),"
        " `failed`, `canceled`, `reversed` (a dispute that was won or withdrawn)"
    )
    amount: str = Field(description="Major units, exact decimal; positive is into the account")
    amount_minor: int = Field(description="The same in the currency's minor units")
    currency: str = Field(description="ISO 4217, upper case")
    description: str | None = Field(description="The provider's text")
    customer_id: str | None
    counterparty: str | None = Field(description="The other side's name, where the provider says")
    invoice_id: str | None
    payment_id: str | None = Field(description="The payment it belongs to")
    parent_id: str | None = Field(description="The transaction that it undoes or follows")
    failure_code: str | None = Field(description="Why it failed, in the provider's word")
    decline_code: str | None = Field(description="Why the issuer declined the payment")
    payment_method_type: str | None = Field(description="`card`, `sepa_debit`, …")
    occurred_at: datetime = Field(description="When it was created at the provider")
    posted_at: datetime | None = Field(description="When it settles; null where none says")
    state_at: datetime = Field(description="When the provider held this state of it")


class RawState(BaseModel):
    """One state of the raw object, as it landed."""

    state_at: datetime = Field(description="When the provider held it")
    origin: str = Field(description="`backfill`, `poll`, `webhook` or `replay`")
    extracted_at: datetime = Field(description="When we fetched or received it")
    is_deleted: bool
    payload: str = Field(description="The provider's JSON, byte for byte")


class Lineage(BaseModel):
    """Where a transaction comes from."""

    source_table: str = Field(examples=["raw.stripe_charge"])
    source_id: str = Field(examples=["ch_3PqXk2Eexample"])
    states: list[RawState] = Field(description="What is kept of it in raw, newest first")


class TransactionWithLineage(Transaction):
    """One movement of money, and the raw objects behind it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_EXAMPLE,
                    "lineage": {
                        "source_table": "raw.stripe_charge",
                        "source_id": "ch_3PqXk2Eexample",
                        "states": [
                            {
                                "state_at": "2024-05-01T12:00:01Z",
                                "origin": "webhook",
                                "extracted_at": "2024-05-01T12:00:01.250Z",
                                "is_deleted": False,
                                "payload": '{"id": "ch_3PqXk2Eexample", "object": "charge"}',
                            }
                        ],
                    },
                }
            ]
        }
    )

    lineage: Lineage


def transaction_of(row: Mapping[str, Any]) -> Transaction:
    """Return the shape of one row."""
    return Transaction(amount=format_minor(row["amount_minor"], row["currency"]), **row)


def transaction_with_lineage(
    row: Mapping[str, Any], states: list[Mapping[str, Any]]
) -> TransactionWithLineage:
    """Return the shape of one row and its raw states."""
    lineage = Lineage(
        source_table=row["source_table"],
        source_id=row["source_id"],
        states=[RawState(**state) for state in states],
    )
    amount = format_minor(row["amount_minor"], row["currency"])
    return TransactionWithLineage(amount=amount, lineage=lineage, **row)
