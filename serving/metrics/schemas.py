"""What does recurring revenue look like to callers? A series per currency, never added up."""

from datetime import date
from typing import get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.money import format_minor
from serving.metrics.series import Interval, Kind, Point, Sum

_EXAMPLE: JsonDict = {
    "interval": "month",
    "data": [
        {
            "currency": "EUR",
            "points": [
                {
                    "starts_on": "2024-05-01",
                    "mrr": "149.00",
                    "mrr_minor": 14900,
                    "movements": {
                        "new": {"delta": "49.00", "delta_minor": 4900, "customers": 1},
                        "expansion": {"delta": "0.00", "delta_minor": 0, "customers": 0},
                        "contraction": {"delta": "0.00", "delta_minor": 0, "customers": 0},
                        "churn": {"delta": "-29.00", "delta_minor": -2900, "customers": 1},
                        "reactivation": {"delta": "0.00", "delta_minor": 0, "customers": 0},
                    },
                }
            ],
        }
    ],
}


class MovementSum(BaseModel):
    """The movements of one kind within an interval."""

    delta: str = Field(description="Major units, exact decimal")
    delta_minor: int
    customers: int = Field(description="Customer-days on which it happened")


class MrrPoint(BaseModel):
    """MRR at the end of an interval, and what moved it there."""

    starts_on: date = Field(description="The interval's first day (UTC)")
    mrr: str = Field(description="Major units, exact decimal")
    mrr_minor: int
    movements: dict[Kind, MovementSum]


class MrrSeries(BaseModel):
    """One currency's recurring revenue."""

    currency: str
    points: list[MrrPoint]


class Mrr(BaseModel):
    """Monthly recurring revenue over time."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    interval: Interval
    data: list[MrrSeries] = Field(description="One series per currency, by its code")


def series_of(currency: str, points: list[Point]) -> MrrSeries:
    """Return the shape of one currency's points."""
    return MrrSeries(currency=currency, points=[_point(point, currency) for point in points])


def _point(point: Point, currency: str) -> MrrPoint:
    def shown(moved: Sum) -> MovementSum:
        return MovementSum(
            delta=format_minor(moved.delta_minor, currency),
            delta_minor=moved.delta_minor,
            customers=moved.customers,
        )

    return MrrPoint(
        starts_on=point.starts_on,
        mrr=format_minor(point.mrr_minor, currency),
        mrr_minor=point.mrr_minor,
        movements={kind: shown(point.movements.get(kind, Sum())) for kind in get_args(Kind)},
    )
