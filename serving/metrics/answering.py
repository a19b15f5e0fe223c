"""How does a request become a saved metric's points? Its bounds, its sums, its rates, its page."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from fastapi import Response

from core.errors import InvalidInputError, NotFoundError
from core.money import format_minor
from serving.auth.scope import TenantScope
from serving.caching import cached_model
from serving.exchange_rates.known import known_rates
from serving.exchange_rates.router import plain
from serving.metrics import queries
from serving.metrics.mrr import MAXIMUM_POINTS, usual_start
from serving.metrics.points import Point, points_of, shown, unconverted_of
from serving.metrics.rates import Rate, Rates
from serving.metrics.registry import Metric
from serving.metrics.saved_schemas import (
    MetricAnswer,
    MetricPage,
    MetricPoint,
    MetricQuestion,
    Unconverted,
    UsedRate,
    filters_of,
)
from serving.metrics.series import interval_starts
from serving.metrics.statements import checked, newest, parameters, statement
from serving.pagination import decode_position, encode_position
from serving.times import refuse_turned_round


@dataclass(frozen=True, slots=True)
class Computed:
    """A metric's points, and how their amounts were converted."""

    points: list[Point]
    by: tuple[str, ...]
    rates: Rates | None


def find(metrics: Mapping[str, Metric], name: str, scope: TenantScope) -> Metric:
    """Return a metric by name.

    Raises:
        NotFoundError: There is none, or its mart has not been computed yet.
    """
    metric = metrics.get(name)
    if metric is None:
        raise NotFoundError(
            f"There is no metric {name}.", next_step="GET /v1/metrics lists those there are."
        )
    if not scope.has_table(metric.mart):
        raise NotFoundError(
            f"{metric.mart} has not been computed yet.",
            next_step="Run the models: `dbt build`, or the job of that name in Dagster.",
        )
    return metric


def answer(scope: TenantScope, metric: Metric, page: MetricPage, today: date) -> Response:
    """Answer with the page after the cursor, or the first.

    Raises:
        InvalidInputError: The question contradicts itself, or asks what the metric does not have.
    """
    target, known = reporting(scope, page)
    asked = page.model_dump() | {"today": today, "target": target, "rates": _fingerprint(known)}

    def make() -> MetricAnswer:
        return _page(metric, page, compute(scope, metric, page, today, target, known))

    name = f"get_metric {metric.mart} {metric.name}"
    return cached_model(scope, name, asked, newest(metric), make)


def compute(
    scope: TenantScope,
    metric: Metric,
    question: MetricQuestion,
    today: date,
    target: str | None,
    known: list[Rate],
) -> Computed:
    """Return all points of a question.

    Raises:
        InvalidInputError: The question contradicts itself, or asks what the metric does not have.
    """
    by, filters = checked(metric, question.by), filters_of(question)
    wanted = checked(metric, tuple(filters))
    if question.interval not in metric.intervals:
        raise InvalidInputError(
            f"{metric.name} is told by the {' or '.join(metric.intervals)}.",
            next_step="Ask for such an interval.",
        )
    starts, until = _times(question, today)
    values = parameters(starts, until, question.currency, filters)
    # A day's amounts are converted at its own rate.
    summed_by = "day" if target and metric.kind == "flow" else question.interval
    if question.currency is not None:
        wanted = (*wanted, "currency")
    rows = scope.rows(statement(metric, by, wanted, summed_by), values)
    rates = None if target is None else Rates(target, known)
    return Computed(points_of(metric, rows, by, starts, until, rates), by, rates)


def _fingerprint(known: list[Rate]) -> str:
    return hashlib.sha256(repr(sorted(map(repr, known))).encode()).hexdigest() if known else ""


def _times(question: MetricQuestion, today: date) -> tuple[list[date], date]:
    since, until = question.since, question.until
    refuse_turned_round(since, until)
    end = min(until or date.max, today + timedelta(days=1))
    start = since or usual_start(end, question.interval)
    starts = list(interval_starts(start, end, question.interval))
    if len(starts) > MAXIMUM_POINTS:
        raise InvalidInputError(
            f"That is more than {MAXIMUM_POINTS} points.",
            next_step="Ask for a shorter time, or a longer interval.",
        )
    return starts, end


def _page(metric: Metric, page: MetricPage, computed: Computed) -> MetricAnswer:
    points, place = computed.points, 0
    if page.cursor is not None:
        shape = [int, *[str] * (len(computed.by) + 1)]
        day, *group = decode_position(page.cursor, *shape)
        after = (day, tuple(group))
        place = sum((one.starts_on.toordinal(), one.group) <= after for one in points)
    part = points[place : place + page.limit]
    has_more = len(points) > place + page.limit
    rates = computed.rates
    return MetricAnswer(
        name=metric.name,
        unit=metric.unit,
        interval=page.interval,
        reporting_currency=rates.target if rates else None,
        data=[_shown(metric, computed.by, point) for point in part],
        rates=[
            UsedRate(
                base_currency=one.base, quote_currency=one.quote, day=one.day,
                rate=plain(one.rate), source=one.source, source_id=one.source_id,
            )
            for one in (rates.used if rates else ())
        ],
        unconverted=_unconverted(unconverted_of(metric, points)),
        has_more=has_more,
        next_cursor=encode_position(part[-1].starts_on.toordinal(), *part[-1].group)
        if has_more
        else None,
    )  # fmt: skip


def _shown(metric: Metric, by: tuple[str, ...], point: Point) -> MetricPoint:
    currency, *cuts = point.group
    value, minor = shown(metric, point.sums, currency) if point.is_known else (None, None)
    has_parts = metric.is_ratio and point.is_known
    return MetricPoint(
        starts_on=point.starts_on,
        currency=currency,
        dimensions=dict(zip(by, cuts, strict=True)),
        value=value,
        value_minor=minor,
        numerator=point.sums.value if has_parts else None,
        denominator=point.sums.base if has_parts else None,
        unconverted=_unconverted(point.unconverted),
    )


def _unconverted(by_currency: Mapping[str, int]) -> list[Unconverted]:
    return [
        Unconverted(currency=code, amount=format_minor(minor, code))
        for code, minor in sorted(by_currency.items())
    ]


def reporting(scope: TenantScope, question: MetricQuestion) -> tuple[str | None, list[Rate]]:
    """Return the currency to convert into and the rates that are known, where that was asked.

    Raises:
        InvalidInputError: The workspace has no reporting currency.
    """
    if not question.reporting:
        return None, []
    with scope.transaction() as rows:
        row = rows.execute(queries.REPORTING_CURRENCY, [str(scope.tenant)]).fetchone()
    if row is None or row["reporting_currency"] is None:
        raise InvalidInputError(
            "The workspace has no reporting currency.",
            next_step="PATCH /v1/workspaces/{id} with reporting_currency.",
        )
    return row["reporting_currency"], known_rates(scope)


def all_points(metric: Metric, computed: Computed) -> list[MetricPoint]:
    """Return every point of an answer, as a page would show it."""
    return [_shown(metric, computed.by, point) for point in computed.points]
