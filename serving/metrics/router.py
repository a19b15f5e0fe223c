"""How are metrics read? `GET /v1/metrics/mrr`: a series per currency, with its movements."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from core.clock import utc_now
from serving.auth.scope import MetricsRead
from serving.caching import NOT_MODIFIED
from serving.metrics.mrr import USUAL_POINTS, recurring_revenue
from serving.metrics.schemas import Mrr
from serving.metrics.series import Interval
from serving.times import Day
from serving.words import Currency

router = APIRouter(prefix="/v1/metrics", tags=["metrics"])

_DEFAULT_SINCE = (
    f"First day; default: the last {USUAL_POINTS['day']} days, {USUAL_POINTS['week']} weeks or"
    f" {USUAL_POINTS['month']} months"
)


@router.get(
    "/mrr",
    summary="Monthly recurring revenue",
    operation_id="get_mrr",
    response_model=Mrr,
    responses=NOT_MODIFIED,
)
def get_mrr(
    scope: MetricsRead,
    since: Annotated[Day | None, Query(description=_DEFAULT_SINCE)] = None,
    until: Annotated[
        Day | None, Query(description="Day after the last; default: tomorrow, so that today is in")
    ] = None,
    currency: Annotated[Currency | None, Query(description="ISO 4217", examples=["EUR"])] = None,
    interval: Annotated[Interval, Query(description="Length of a point")] = "day",
) -> Response:
    """Show MRR at the end of each interval, and the movements that led there."""
    return recurring_revenue(
        scope, today=utc_now().date(), since=since, until=until, currency=currency,
        interval=interval,
    )  # fmt: skip
