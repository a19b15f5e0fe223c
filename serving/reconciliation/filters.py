"""Which payouts, deposits or entries does a caller want?"""

from datetime import date
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.exporting import FileFormat
from serving.pagination import MAXIMUM_LIMIT
from serving.times import Day, refuse_turned_round
from serving.words import Currency, Id

# As `reconciliation.records` has them: a mistyped one would list nothing, as if nothing were wrong.
Verdict = Literal[
    "matched", "matched_late", "matched_with_fee", "matched_group", "matched_converted",
    "amount_differs", "missing_in_bank", "missing_in_books", "duplicate", "in_transit", "failed",
    "not_covered", "unexplained",
]  # fmt: skip
_FIRST, _LAST = date(1970, 1, 1), date(2149, 6, 6)


class MatchFilters(BaseModel):
    """What to list; everything given must hold."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict | None = Field(default=None, examples=["missing_in_bank"])
    bank_verdict: Verdict | None = Field(default=None, description="The verdict at the bank alone")
    books_verdict: Verdict | None = Field(
        default=None, description="The verdict in the books alone"
    )
    unmatched: bool | None = Field(
        default=None, description="True: only what somebody should look at; false: only the rest"
    )
    connection_id: Id | None = None
    currency: Currency | None = Field(default=None, examples=["EUR"])
    since: Day | None = Field(default=None, description="First day: due, booked or dated")
    until: Day | None = Field(default=None, description="Day after the last")

    @model_validator(mode="after")
    def in_order(self) -> Self:
        """Refuse a time that ends before it begins."""
        refuse_turned_round(self.since, self.until)
        return self

    def parameters(self) -> dict[str, Any]:
        """Return the query's parameters, but for the position in the list."""
        texts = ("verdict", "bank_verdict", "books_verdict", "connection_id", "currency")
        return {name: getattr(self, name) or "" for name in texts} | {
            "unmatched": {None: "", True: "yes", False: "no"}[self.unmatched],
            "since": self.since or _FIRST,
            "until": self.until or _LAST,
        }


class MatchesPage(MatchFilters):
    """What to list, and which page of it."""

    limit: int = Field(default=100, ge=1, le=MAXIMUM_LIMIT, description="Rows per page")
    cursor: str | None = Field(
        default=None, max_length=1000, description="`next_cursor` of the page before"
    )


class MatchesExport(MatchFilters):
    """What to export, and as what."""

    format: FileFormat = "csv"
