"""What do callers of the enrichment send and get? Rows or ids in, findings by facet out."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.config import JsonDict

from ml.registry import BY_NAME
from serving.transactions.schemas import Finding
from serving.words import Currency, Id, Word

MOST_ROWS = 1_000
# What a number of JSON holds exactly; all amounts of a request sum within 64 bits.
_MOST = 2**53 - 1
_FINDING: JsonDict = {
    "value": "Blue Bottle Coffee", "confidence": 0.97, "evidence": "Read from 'SQ *BLUE BOTTLE'.",
    "model_version": "merchant-rules-2", "abstained": False,
}  # fmt: skip


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("only printable characters, on one line")
    return text


def _known(names: list[str]) -> list[str]:
    unknown = sorted(set(names) - set(BY_NAME))
    if unknown:
        raise ValueError(f"no such facet: {', '.join(unknown[:5])}")
    return names


Text = Annotated[str, StringConstraints(max_length=500), AfterValidator(_one_line)]
Value = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_one_line),
]
FacetNames = Annotated[list[Word], Field(min_length=1, max_length=30), AfterValidator(_known)]


class RawRow(BaseModel):
    """A transaction that need not be ours: what its bank or processor wrote of it."""

    model_config = ConfigDict(extra="forbid")

    id: Id | None = Field(default=None, description="Yours, to find it again in the answer")
    description: Text = Field(description="The raw descriptor", examples=["SQ *BLUE BOTTLE 8442"])
    amount_minor: int = Field(
        ge=-_MOST, le=_MOST, description="Positive is into the account", examples=[-475]
    )
    currency: Currency = Field(examples=["USD"])
    booked_on: date | None = Field(default=None, examples=["2024-05-01"])
    provider: Word = Field(
        default="upload",
        description="Where it comes from; what a provider's terms keep out of machine learning"
        " (xero) is refused",
    )
    account_id: Id | None = Field(
        default=None, description="Which of your accounts it moved; transfers lie between two"
    )
    account_type: Literal["depository", "credit", "loan"] | None = None
    type: Word | None = Field(default=None, examples=["card_payment"])
    counterparty: Text | None = None
    counterparty_account: Text | None = Field(default=None, description="IBAN or number")
    reference: Text | None = None
    merchant_category_code: Annotated[str, StringConstraints(pattern=r"^\d{4}$")] | None = Field(
        default=None, description="ISO 18245", examples=["5814"]
    )
    provider_category: Text | None = None


class FacetRequest(BaseModel):
    """Which transactions: ids of this workspace's, or raw rows."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"ids": ["tx_example"]},
                {
                    "rows": [
                        {"description": "SQ *BLUE BOTTLE 8442", "amount_minor": -475,
                         "currency": "USD", "booked_on": "2024-05-01"}
                    ]
                },
            ]
        },
    )  # fmt: skip

    ids: list[Id] | None = Field(default=None, min_length=1, max_length=MOST_ROWS)
    rows: list[RawRow] | None = Field(default=None, min_length=1, max_length=MOST_ROWS)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.ids is None) == (self.rows is None):
            raise ValueError("send either ids or rows")
        return self


class EnrichmentRequest(FacetRequest):
    """Which transactions, and which facets of them."""

    facets: FacetNames | None = Field(default=None, description="All by default")


class Enriched(BaseModel):
    """What was found of one transaction."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": "tx_example", "connection_id": "conn_demo",
                 "enrichment": {"merchant": _FINDING}}
            ]
        }
    )  # fmt: skip

    id: str | None = Field(description="As it was sent")
    connection_id: str | None = Field(description="Of a transaction of this workspace")
    enrichment: dict[str, Finding] = Field(description="By facet; without those that say nothing")


class FeedbackTransaction(BaseModel):
    """The transaction that a correction is of."""

    model_config = ConfigDict(extra="forbid")

    id: Id
    connection_id: Id | None = Field(default=None, description="Where the id is not unique")


class FeedbackRequest(BaseModel):
    """A correction: what a facet should have said of a transaction and of those like it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"facet": "merchant", "value": "Blue Bottle Coffee",
                 "transaction": {"id": "tx_example"}}
            ]
        },
    )  # fmt: skip

    facet: Word = Field(examples=["merchant"])
    value: Value
    transaction: FeedbackTransaction | None = None
    row: RawRow | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.transaction is None) == (self.row is None):
            raise ValueError("send either a transaction or a row")
        return self


class Feedback(BaseModel):
    """A correction, as it is kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": "feedback_example", "facet": "merchant", "value": "Blue Bottle Coffee",
                 "value_before": "Blue Btl", "merchant": "SQ *BLUE BTL 8442", "direction": "out",
                 "review": "waiting", "said_at": "2024-06-01T12:00:00Z"}
            ]
        }
    )  # fmt: skip

    id: str
    facet: str
    value: str
    value_before: str | None = Field(description="What the facet had said")
    merchant: str = Field(description="The descriptor whose like it holds for")
    direction: Literal["in", "out"] = Field(description="Of the money; the other is not alike")
    review: Literal["waiting", "accepted", "refused"] = Field(
        description="Whether it may enter the training of models that answer everybody"
    )
    said_at: datetime


class Model(BaseModel):
    """A trained model that answers this workspace."""

    version: str
    scope: Literal["shared", "workspace"] = Field(description="For all, or this workspace's own")
    sha256: str = Field(description="Of its bytes; checked before it is opened")
    bytes: int
    trained_at: datetime
    score: float = Field(description="On the test by which a successor must not be worse")
    measures: dict[str, Any] = Field(description="Everything measured, as in its model card")


class FacetCard(BaseModel):
    """A facet or scorer: what it says, what it rests on, and how well it was measured."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"facet": "merchant", "says": "The business behind the descriptor.",
                 "card": "Rules, no training.", "version": "merchant-rules-2", "reads": "row",
                 "after": [], "corrects": True, "values": None, "model": None}
            ]
        }
    )  # fmt: skip

    facet: str
    says: str
    card: str = Field(description="What it learns from, what of that is synthetic, its limits")
    version: str = Field(description="Of its rules")
    reads: Literal["row", "history", "retry"] = Field(
        description="A transaction's row, a workspace's whole history, or a payment's retry, of"
        " which recovery asks"
    )
    after: list[str] = Field(description="Facets that it reads")
    corrects: bool = Field(description="Whether feedback is taken")
    values: list[str] | None = Field(description="The values it may take, where they are a list")
    model: Model | None = Field(description="Null without training, or before the first")
