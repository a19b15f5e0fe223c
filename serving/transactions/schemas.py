"""What does a transaction look like to callers? Its JSON shape, made from a row of unified."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.config import JsonDict

from core.money import format_minor
from serving.lineage import Lineage

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
    "original_amount": None,
    "original_amount_minor": None,
    "original_currency": None,
    "balance_after": None,
    "balance_after_minor": None,
    "description": "Subscription update",
    "customer_id": "cus_QExample",
    "counterparty": None,
    "counterparty_account": None,
    "reference": None,
    "merchant_category_code": None,
    "provider_category": None,
    "invoice_id": "in_1PqXk2Eexample",
    "payment_id": "pi_3PqXk2Eexample",
    "parent_id": None,
    "pending_id": None,
    "failure_code": "card_declined",
    "decline_code": "insufficient_funds",
    "payment_method_type": "card",
    "occurred_at": "2024-05-01T12:00:00Z",
    "booked_on": None,
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
    original_amount: str | None = Field(
        description="The amount in the currency in which it was made, where that is another"
    )
    original_amount_minor: int | None
    original_currency: str | None
    balance_after: str | None = Field(
        description="The account's balance after it, where the bank tells it"
    )
    balance_after_minor: int | None
    description: str | None = Field(description="The provider's text")
    customer_id: str | None
    counterparty: str | None = Field(description="The other side's name, where the provider says")
    counterparty_account: str | None = Field(description="Its IBAN or account number")
    reference: str | None = Field(description="End-to-end id, trace id, cheque number")
    merchant_category_code: str | None = Field(description="ISO 18245, of a card payment")
    provider_category: str | None = Field(description="The provider's own category")
    invoice_id: str | None
    payment_id: str | None = Field(description="The payment it belongs to")
    parent_id: str | None = Field(description="The transaction that it undoes or follows")
    pending_id: str | None = Field(description="Its id while it was pending, if that was another")
    failure_code: str | None = Field(description="Why it failed, in the provider's word")
    decline_code: str | None = Field(description="Why the issuer declined the payment")
    payment_method_type: str | None = Field(description="`card`, `sepa_debit`, …")
    occurred_at: datetime = Field(description="When it was created at the provider")
    booked_on: date | None = Field(description="The bank's booking date")
    posted_at: datetime | None = Field(description="When it settles; null where none says")
    state_at: datetime = Field(description="When the provider held this state of it")


class Finding(BaseModel):
    """What one facet of the enrichment says of a transaction."""

    value: str | None
    confidence: float = Field(description="A probability")
    evidence: str
    model_version: str
    abstained: bool = Field(description="Too unsure to act on without a person")


class EnrichedTransaction(Transaction):
    """One movement of money, and what was learned of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "enrichment": None}]})

    enrichment: dict[str, Finding] | None = Field(
        description="By facet (`category`, `merchant`, …); null where nothing was learned of it"
    )


# What `fields=` leaves: the same properties, none of them required.
_OPTIONAL: dict[str, Any] = {
    name: (field.annotation | None, Field(default=None, description=field.description))
    for name, field in EnrichedTransaction.model_fields.items()
    if field.annotation is not None
}
TransactionPart = create_model(
    "TransactionPart",
    __doc__="The fields of a transaction that were asked for.",
    __config__=ConfigDict(json_schema_extra={"examples": [{"id": "ch_3PqXk2Eexample"}]}),
    **_OPTIONAL,
)


class TransactionsAnswer(BaseModel):
    """One page of transactions: whole, with `enrich=true` enriched, with `fields=` in part."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"data": [_EXAMPLE], "has_more": False, "next_cursor": None}]
        }
    )

    data: list[EnrichedTransaction | Transaction | TransactionPart]
    has_more: bool = Field(description="Whether another page follows")
    next_cursor: str | None = Field(description="Send it as `cursor` for that page")


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
    return Transaction(**_amounts(row), **row)


def enriched_transaction(
    row: Mapping[str, Any], findings: Mapping[str, Finding] | None
) -> EnrichedTransaction:
    """Return the shape of one row and what was learned of it."""
    enrichment = dict(findings) if findings else None
    return EnrichedTransaction(enrichment=enrichment, **_amounts(row), **row)


def transaction_with_lineage(row: Mapping[str, Any], lineage: Lineage) -> TransactionWithLineage:
    """Return the shape of one row and the raw objects behind it."""
    return TransactionWithLineage(lineage=lineage, **_amounts(row), **row)


def _amounts(row: Mapping[str, Any]) -> dict[str, str | None]:
    def shown(amount_minor: int | None, currency: str | None) -> str | None:
        if amount_minor is None or not currency:
            return None
        return format_minor(amount_minor, currency)

    return {
        "amount": format_minor(row["amount_minor"], row["currency"]),
        "original_amount": shown(row["original_amount_minor"], row["original_currency"]),
        "balance_after": shown(row["balance_after_minor"], row["currency"]),
    }
