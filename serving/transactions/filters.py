"""Which transactions does a caller want? The filters, alike in the query string and as JSON."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from core.clock import epoch_microseconds
from serving.pagination import MAXIMUM_LIMIT
from serving.times import EARLIEST, LATEST, Moment
from serving.transactions.schemas import Transaction
from serving.words import Currency, Id, Search, Word

_LEAST, _MOST = -(2**63), 2**63 - 1
Sort = Literal["-occurred_at", "occurred_at", "-amount", "amount"]


def _known_fields(text: str) -> str:
    unknown = sorted(set(text.split(",")) - set(Transaction.model_fields))
    if unknown:
        raise ValueError(f"no such field: {', '.join(unknown[:5])}")
    return text


Fields = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z_]{1,40}(,[a-z_]{1,40}){0,49}$"),
    AfterValidator(_known_fields),
]


class TransactionFilters(BaseModel):
    """What to list; everything given must hold."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"provider": "stripe", "status": "failed", "type": "charge", "since": "2024-01-01"},
                {"provider": "plaid", "enrich": True, "since": "2024-01-01"},
            ]
        },
    )

    provider: Word | None = Field(default=None, examples=["stripe"])
    status: Word | None = Field(default=None, examples=["failed"])
    type: Word | None = Field(default=None, examples=["charge"])
    connection_id: Id | None = None
    account_id: Id | None = None
    customer_id: Id | None = None
    currency: Currency | None = Field(default=None, examples=["EUR"])
    direction: Literal["in", "out"] | None = Field(
        default=None, description="Into the account, or out of it"
    )
    amount_from: int | None = Field(
        default=None, ge=_LEAST, le=_MOST, description="Least amount, signed, in minor units"
    )
    amount_to: int | None = Field(
        default=None, ge=_LEAST, le=_MOST, description="Greatest amount, signed, in minor units"
    )
    search: Search | None = Field(
        default=None, description="Part of the id, description or counterparty, in any case"
    )
    category: Search | None = Field(
        default=None,
        description="The provider's own category, in its own words, in any case; in a list also one"
        " that enrichment found, or its group (`food_and_drink` holds `food_and_drink.coffee`)",
        examples=["food_and_drink"],
    )
    since: Moment | None = Field(default=None, description="From this moment on, inclusive")
    until: Moment | None = Field(default=None, description="Before this moment")
    pending: bool | None = Field(
        default=None, description="True: only those pending or authorized; false: only the others"
    )

    def parameters(self) -> dict[str, Any]:
        """Return the query's parameters, but for the position in the list."""
        least = 1 if self.direction == "in" else _LEAST
        most = -1 if self.direction == "out" else _MOST
        texts = (
            "provider", "status", "type", "connection_id", "account_id", "customer_id", "currency",
            "search", "category",
        )  # fmt: skip
        return {name: getattr(self, name) or "" for name in texts} | {
            "amount_from": max(least, _LEAST if self.amount_from is None else self.amount_from),
            "amount_to": min(most, _MOST if self.amount_to is None else self.amount_to),
            "pending": {None: "", True: "yes", False: "no"}[self.pending],
            "since": epoch_microseconds(self.since or EARLIEST),
            "until": epoch_microseconds(self.until or LATEST),
        }


class TransactionsPage(TransactionFilters):
    """What to list, and which page of it."""

    sort: Sort = Field(
        default="-occurred_at",
        description="`-` for the greatest first. `amount` goes by minor units: choose a currency"
        " with it",
    )
    fields: Fields | None = Field(
        default=None,
        description="Only these, by comma; all by default",
        examples=["id,amount,currency"],
    )
    enrich: bool = Field(
        default=False,
        description="Add `enrichment`: what was learned of each row; null where nothing was",
    )
    limit: int = Field(default=100, ge=1, le=MAXIMUM_LIMIT, description="Rows per page")
    cursor: str | None = Field(
        default=None, max_length=1000, description="`next_cursor` of the page before"
    )

    def over(self, other: "TransactionsPage | None") -> "TransactionsPage":
        """Return these filters, and the other's where these leave one open."""
        given = {} if other is None else other.model_dump(exclude_unset=True)
        return TransactionsPage.model_construct(
            **TransactionsPage().model_dump() | given | self.model_dump(exclude_unset=True)
        )

    def wanted_fields(self) -> frozenset[str] | None:
        """Return the fields that an answer's rows shall have; None for all."""
        if self.fields is None:
            return None
        return frozenset(self.fields.split(",")) | ({"enrichment"} if self.enrich else set())
