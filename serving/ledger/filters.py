"""Which entries does a caller want? The filters of entries and of balances, and as of when."""

from datetime import UTC, time
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.clock import epoch_microseconds
from serving.exporting import FileFormat
from serving.pagination import MAXIMUM_LIMIT
from serving.times import EARLIEST, LATEST, Moment, refuse_turned_round
from serving.words import Currency, Id, Word

AccountCode = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{1,40}$", examples=["1100"])


class BalanceFilters(BaseModel):
    """Which accounts, and as of when."""

    model_config = ConfigDict(extra="forbid")

    account_code: str | None = AccountCode
    account_id: Id | None = Field(default=None, description="A bank account, card or loan")
    currency: Currency | None = Field(default=None, examples=["EUR"])
    connection_id: Id | None = None
    until: Moment | None = Field(
        default=None, description="Facts before this moment; default: all that are known"
    )
    known_at: Moment | None = Field(
        default=None,
        description="As the books stood at this moment: what was recorded before it; default: now",
    )

    def parameters(self) -> dict[str, Any]:
        """Return the query's parameters, but for the position in a list."""
        texts = ("account_code", "account_id", "currency", "connection_id")
        return {name: getattr(self, name) or "" for name in texts} | {
            "journal_type": "",
            "source_id": "",
            "since": epoch_microseconds(EARLIEST),
            "until": epoch_microseconds(self.until or LATEST),
            "known_at": epoch_microseconds(self.known_at or LATEST),
        }

    @property
    def is_of_whole_days(self) -> bool:
        """Whether both moments, where they are given, are the beginning of a day."""
        given = [one for one in (self.until, self.known_at) if one is not None]
        return all(one.astimezone(UTC).time() == time() for one in given)


class EntryFilters(BalanceFilters):
    """Which entries; everything given must hold."""

    journal_type: Word | None = Field(default=None, examples=["bank_payout"])
    source_id: Id | None = Field(default=None, description="The provider's object behind it")
    since: Moment | None = Field(default=None, description="From this moment on, inclusive")

    @model_validator(mode="after")
    def in_order(self) -> Self:
        """Refuse a time that ends before it begins."""
        refuse_turned_round(self.since, self.until)
        return self

    def parameters(self) -> dict[str, Any]:
        """Return the query's parameters, but for the position in a list."""
        return super().parameters() | {
            "journal_type": self.journal_type or "",
            "source_id": self.source_id or "",
            "since": epoch_microseconds(self.since or EARLIEST),
            "since_first": -(epoch_microseconds(self.since or EARLIEST) // 1_000),
            "until_first": -(epoch_microseconds(self.until or LATEST) // 1_000),
        }


class EntriesPage(EntryFilters):
    """Which entries, and which page of them."""

    limit: int = Field(default=100, ge=1, le=MAXIMUM_LIMIT, description="Rows per page")
    cursor: str | None = Field(
        default=None, max_length=1000, description="`next_cursor` of the page before"
    )


class EntriesExport(EntryFilters):
    """Which entries, as what."""

    format: FileFormat = "csv"


class BalancesExport(BalanceFilters):
    """Which accounts, as what."""

    format: FileFormat = "csv"
