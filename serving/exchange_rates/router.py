"""How are exchange rates read and told? GET lists what is known, PUT tells, by pair and day.

A rate is told for a day and holds until the next one. Telling it again replaces it; null takes it
back. What the processor converted at is seen by itself and cannot be changed.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from core.clock import utc_now
from core.database import Rows
from core.errors import InvalidInputError
from serving.audit_log.entries import record
from serving.auth.scope import MetricsRead, WorkspaceWrite
from serving.exchange_rates import queries
from serving.exchange_rates.known import known_rates
from serving.metrics.rates import Rate
from serving.pagination import Collection
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
def get_exchange_rates(scope: MetricsRead) -> Collection[ExchangeRate]:
    """List every rate that the workspace knows, told and seen, by pair and day."""
    return _listed(known_rates(scope))


@router.put("", summary="Tell exchange rates", operation_id="tell_exchange_rates")
def put_exchange_rates(scope: WorkspaceWrite, request: ToldRates) -> Collection[ExchangeRate]:
    """Tell rates, by pair and day; answers with all that are known then."""
    with scope.transaction() as rows:
        before = _told(rows, request.data)
        for told in request.data:
            values = told.model_dump() | {"workspace_id": str(scope.tenant), "now": utc_now()}
            rows.execute(queries.FORGET if told.rate is None else queries.TELL, values)
        counted = rows.execute(queries.COUNT).fetchone()
        if counted is not None and counted["told"] > MOST_TOLD:
            raise InvalidInputError(
                f"A workspace may tell {MOST_TOLD} rates.", next_step="Take old ones back."
            )
        record(
            rows, scope, "exchange_rates.told", str(scope.tenant),
            changes=_changes(before, _told(rows, request.data)),
        )  # fmt: skip
    return _listed(known_rates(scope))


def _told(rows: Rows, asked: list[ToldRate]) -> dict[tuple[str, str, date], str]:
    """Return the rates that are told for these pairs and days."""
    values = {
        "bases": [one.base_currency for one in asked],
        "quotes": [one.quote_currency for one in asked],
        "days": [one.day for one in asked],
    }
    return {
        (row["base_currency"], row["quote_currency"], row["day"]): plain(row["rate"])
        for row in rows.execute(queries.KNOWN, values)
    }


def _changes(
    before: dict[tuple[str, str, date], str], after: dict[tuple[str, str, date], str]
) -> list[dict[str, Any]]:
    return [
        {
            "base_currency": base, "quote_currency": quote, "day": day.isoformat(),
            "before": before.get((base, quote, day)), "after": after.get((base, quote, day)),
        }
        for base, quote, day in sorted(before.keys() | after.keys())
        if before.get((base, quote, day)) != after.get((base, quote, day))
    ]  # fmt: skip


def _listed(rates: list[Rate]) -> Collection[ExchangeRate]:
    ordered = sorted(rates, key=lambda one: (one.base, one.quote, one.day, one.source))
    return Collection(
        data=[
            ExchangeRate(
                base_currency=one.base, quote_currency=one.quote, day=one.day,
                rate=plain(one.rate), source=one.source, source_id=one.source_id,
            )
            for one in ordered
        ]
    )  # fmt: skip


def plain(rate: Decimal) -> str:
    """Return a rate's digits, without an exponent or zeros that say nothing."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
