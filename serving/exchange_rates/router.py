"""How are exchange rates read and told? GET lists what is known, PUT tells, by pair and day.

A rate is told for a day and holds until the next one. Telling it again replaces it; null takes it
back. What the processor converted at is seen by itself and cannot be changed.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from core.clock import utc_now
from core.errors import InvalidInputError
from serving.audit_log.entries import record
from serving.auth.scope import MetricsRead, WorkspaceWrite
from serving.exchange_rates import queries
from serving.exchange_rates.known import place, rates_after, told_among
from serving.metrics.rates import Rate
from serving.pagination import (
    Collection,
    CursorText,
    Limit,
    Page,
    decode_position,
    encode_position,
    page_of,
)
from serving.times import Day
from serving.words import Currency

router = APIRouter(prefix="/v1/exchange_rates", tags=["exchange_rates"])

MOST_TOLD = 20_000
RateText = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,20}(\.[0-9]{1,12})?$", max_length=33)
]
_TOLD: dict[str, Any] = {
    "base_currency": "USD", "quote_currency": "EUR", "day": "2024-05-01", "rate": "0.9312",
}  # fmt: skip


class ExchangeRate(BaseModel):
    """What one major unit of a currency was worth in another, from a day on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [_TOLD | {"source": "workspace", "source_id": ""}]}
    )

    base_currency: str
    quote_currency: str
    day: date
    rate: str = Field(description="Exact decimal")
    source: str = Field(description="`workspace` (told), or the processor that converted")
    source_id: str = Field(description="The movement of the processor's balance, where one says so")


class ToldRate(BaseModel):
    """A rate to be told, or taken back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_TOLD]})

    base_currency: Currency
    quote_currency: Currency
    day: Day
    rate: RateText | None = Field(description="Exact decimal; null takes the day's rate back")

    @model_validator(mode="after")
    def _is_a_rate(self) -> "ToldRate":
        if self.base_currency == self.quote_currency:
            raise ValueError("two different currencies")
        if self.rate is not None and Decimal(self.rate) == 0:
            raise ValueError("a rate is more than nothing")
        return self


class ToldRates(BaseModel):
    """Rates to be told in one go: all of them, or none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"data": [_TOLD]}]})

    data: list[ToldRate] = Field(min_length=1, max_length=1000)


@router.get("", summary="List exchange rates", operation_id="list_exchange_rates")
def get_exchange_rates(
    scope: MetricsRead, limit: Limit = 100, cursor: CursorText = None
) -> Page[ExchangeRate]:
    """List the rates that the workspace knows, told and seen, by pair and day."""
    after = [""] * 4 if cursor is None else decode_position(cursor, str, str, str, str)
    found = [{"rate": one} for one in rates_after(scope, after, limit + 1)]
    return page_of(
        found, limit, lambda row: _shown(row["rate"]),
        lambda row: encode_position(*place(row["rate"])),
    )  # fmt: skip


@router.put("", summary="Tell exchange rates", operation_id="tell_exchange_rates")
def put_exchange_rates(scope: WorkspaceWrite, request: ToldRates) -> Collection[ExchangeRate]:
    """Tell rates, by pair and day; answers with those that are told then for these."""
    pairs = [(told.base_currency, told.quote_currency, told.day) for told in request.data]
    with scope.transaction() as rows:
        before = told_among(rows, pairs)
        for told in request.data:
            values = told.model_dump() | {"workspace_id": str(scope.tenant), "now": utc_now()}
            rows.execute(queries.FORGET if told.rate is None else queries.TELL, values)
        counted = rows.execute(queries.COUNT).fetchone()
        if counted is not None and counted["told"] > MOST_TOLD:
            raise InvalidInputError(
                f"A workspace may tell {MOST_TOLD} rates.", next_step="Take old ones back."
            )
        after = told_among(rows, pairs)
        record(
            rows, scope, "exchange_rates.told", str(scope.tenant), changes=_changes(before, after)
        )
    return Collection(data=[_shown(one) for one in after])


def _changes(before: Sequence[Rate], after: Sequence[Rate]) -> list[dict[str, Any]]:
    """Return what became of each pair and day, where anything did."""
    was, now = ({(one.base, one.quote, one.day): plain(one.rate) for one in each}
                for each in (before, after))  # fmt: skip
    return [
        {
            "base_currency": base, "quote_currency": quote, "day": day.isoformat(),
            "before": was.get((base, quote, day)), "after": now.get((base, quote, day)),
        }
        for base, quote, day in sorted(was.keys() | now.keys())
        if was.get((base, quote, day)) != now.get((base, quote, day))
    ]  # fmt: skip


def _shown(rate: Rate) -> ExchangeRate:
    return ExchangeRate(
        base_currency=rate.base, quote_currency=rate.quote, day=rate.day, rate=plain(rate.rate),
        source=rate.source, source_id=rate.source_id,
    )  # fmt: skip


def plain(rate: Decimal) -> str:
    """Return a rate's digits, without an exponent or zeros that say nothing."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
