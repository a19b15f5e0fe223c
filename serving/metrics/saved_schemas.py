"""What do saved metrics look like to callers? A description, and points of one shape for all."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from serving.metrics.registry import Unit
from serving.metrics.series import Interval
from serving.pagination import MAXIMUM_LIMIT
from serving.times import Day
from serving.words import Currency

MOST_CUTS = 3
Cut = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]
Filter = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}:[^\x00-\x1f\x7f]{0,200}$", max_length=241)
]
_DESCRIBED: JsonDict = {
    "name": "arpu",
    "description": "Average MRR per paying customer at the interval's end.",
    "unit": "money_per",
    "mart": "marts.fct_mrr_movements",
    "dimensions": ["cohort_month"],
    "intervals": ["day", "week", "month"],
    "address": "/v1/metrics/arpu",
}
_POINT: JsonDict = {
    "starts_on": "2024-05-01", "currency": "EUR", "dimensions": {"plan": "Growth"},
    "value": "0.750000", "value_minor": None, "numerator": 3, "denominator": 4, "unconverted": [],
}  # fmt: skip
_ANSWER: JsonDict = {
    "name": "trial_conversion",
    "unit": "ratio",
    "interval": "month",
    "reporting_currency": None,
    "data": [_POINT],
    "rates": [],
    "unconverted": [],
    "has_more": False,
    "next_cursor": None,
}


class MetricDescription(BaseModel):
    """A saved metric."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DESCRIBED]})

    name: str
    description: str
    unit: Unit = Field(
        description="`money`, `count`, `ratio` (a number without a unit) or `money_per` (an amount"
        " per thing)"
    )
    mart: str = Field(description="The table that it reads")
    dimensions: list[str] = Field(description="What it may be cut (`by`) and filtered by")
    intervals: list[Interval]
    address: str


class Unconverted(BaseModel):
    """What is in no value, since no rate is known for it; of a ratio what it divides by."""

    currency: str
    amount: str


class MetricPoint(BaseModel):
    """One interval of one currency and cut."""

    starts_on: date = Field(description="The interval's first day (UTC)")
    currency: str
    dimensions: dict[str, str]
    value: str | None = Field(
        description="Exact decimal, in major units where it is money; a ratio to six places; null"
        " where there is nothing to divide by, and where nothing of it could be converted"
    )
    value_minor: int | None = Field(description="Minor units, where the value is money")
    numerator: int | None = Field(description="Of a ratio: minor units where it is money")
    denominator: int | None
    unconverted: list[Unconverted] = Field(
        description="What is not in this value: with `reporting`, by currency without a known rate"
    )


class UsedRate(BaseModel):
    """A rate by which amounts of this answer were converted."""

    base_currency: str
    quote_currency: str
    day: date
    rate: str
    source: str
    source_id: str


class MetricAnswer(BaseModel):
    """A page of a metric's points, by interval, currency and cut."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER]})

    name: str
    unit: Unit
    interval: Interval
    reporting_currency: str | None
    data: list[MetricPoint]
    rates: list[UsedRate] = Field(description="Of the whole answer, all pages")
    unconverted: list[Unconverted] = Field(
        description="Of the whole answer, all pages: the points' own added up; of what stands at an"
        " interval's end or begin (MRR, retention), those of the last interval"
    )
    has_more: bool
    next_cursor: str | None


class MetricQuestion(BaseModel):
    """What to show of a metric."""

    model_config = ConfigDict(extra="forbid")

    since: Day | None = Field(
        default=None, description="First day; default: the last 90 days, 104 weeks or 60 months"
    )
    until: Day | None = Field(
        default=None, description="Day after the last; default: tomorrow, so that today is in"
    )
    interval: Interval = Field(default="month", description="Length of a point")
    currency: Currency | None = Field(default=None, examples=["EUR"])
    reporting: bool = Field(
        default=False, description="Convert into the workspace's reporting currency and add up"
    )
    by: list[Cut] = Field(default=[], max_length=MOST_CUTS, description="Dimensions to cut by")
    filter: list[Filter] = Field(
        default=[], max_length=20,
        description="`dimension:value`; several of one dimension are alternatives",
        examples=[["country:DE"]],
    )  # fmt: skip


class MetricPage(MetricQuestion):
    """What to show, and which page of it."""

    limit: int = Field(default=MAXIMUM_LIMIT, ge=1, le=MAXIMUM_LIMIT, description="Points per page")
    cursor: str | None = Field(
        default=None, max_length=1000, description="`next_cursor` of the page before"
    )


class MetricExport(MetricQuestion):
    """What to export, and as what."""

    format: Literal["csv", "parquet"] = "csv"


def filters_of(question: MetricQuestion) -> dict[str, list[str]]:
    """Return the filters' values by dimension."""
    found: dict[str, Any] = {}
    for text in question.filter:
        name, _, value = text.partition(":")
        found.setdefault(name, []).append(value)
    return found
