"""How does a metric become a question to ClickHouse? SQL from the registry's own words alone.

A caller chooses entries by name; its values travel as server-side parameters. One statement per
metric, cut and set of filters, kept once made.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

from core.errors import InvalidInputError
from core.warehouse import TenantQuery
from serving.metrics.registry import Metric
from serving.metrics.series import Interval

MOST_ROWS = 200_000
# The first day of a day's interval, as `serving.metrics.series.interval_start` has it.
_STARTS: dict[Interval, str] = {
    "day": "{day}", "week": "toMonday({day})", "month": "toStartOfMonth({day})",
}  # fmt: skip


@cache
def statement(
    metric: Metric, by: tuple[str, ...], filtered: tuple[str, ...], summed_by: Interval
) -> TenantQuery:
    """Return the question: rows of currency, day, the dimensions of `by`, value and base.

    Args:
        metric: Of what.
        by: How it is cut.
        filtered: By which dimensions it is filtered, and whether by its currency.
        summed_by: Of which intervals the days are; the day for amounts that are converted daily.
    """
    cuts = "".join(f", toString({metric.dimensions[name]}) as cut_{name}" for name in by)
    currency = f"toString({metric.currency})"
    wanted = "".join(
        f" and {currency} = {{currency:String}}"
        if name == "currency"
        else f" and toString({metric.dimensions[name]}) in {{filter_{name}:Array(String)}}"
        for name in filtered
    )
    value, base, standing = (
        f"sum({metric.worded(one, summed_by)})" if one else "0"
        for one in (metric.value, metric.base, metric.standing)
    )
    first = "{since:Date}"
    day = _STARTS[summed_by].replace("{day}", metric.day)
    times = f" and {metric.day} < {{until:Date}}"
    if metric.kind == "stock" or metric.standing:
        # What was before comes as one sum, on the day before.
        day = f"if({metric.day} < {first}, {first} - 1, {day})"
    else:
        times += f" and {metric.day} >= {first}"
    sums = f"toInt64({value}) as sum_value, toInt64({base}) as sum_base"
    sums += f", toInt64({standing}) as sum_standing" if metric.standing else ""
    return TenantQuery(
        f"""
        select {currency} as cut_currency, {day} as cut_day{cuts}, {sums}
        from {metric.rows}
        where ({metric.where}){times}{wanted}
        group by all
        order by cut_day, cut_currency
        limit {MOST_ROWS}
        """
    )


@cache
def newest(metric: Metric) -> TenantQuery:
    """Return the question of how new a metric's mart is."""
    return TenantQuery(
        f"""
        select workspace_id, count() as rows_held, max(computed_at) as newest_at,
            toString((count(), max(computed_at), sum(version))) as state
        from {metric.mart}
        group by workspace_id
        """
    )


def parameters(
    starts: Sequence[date],
    until: date,
    currency: str | None,
    filters: dict[str, list[str]],
) -> dict[str, Any]:
    """Return a statement's values; intervals begin on `starts`, the last ends before `until`."""
    values: dict[str, Any] = {"currency": currency or ""}
    values |= {f"filter_{name}": chosen for name, chosen in filters.items()}
    return values | {"since": starts[0] if starts else until - timedelta(days=1), "until": until}


def checked(metric: Metric, names: Sequence[str]) -> tuple[str, ...]:
    """Return the dimensions that were named, in their order.

    Raises:
        InvalidInputError: The metric has no such dimension, or one was named twice.
    """
    unknown = sorted(set(names) - set(metric.dimensions))
    if unknown or len(set(names)) != len(names):
        known = ", ".join(metric.dimensions) or "none"
        raise InvalidInputError(
            f"{metric.name} cannot be cut by {', '.join(unknown) or 'one dimension twice'}.",
            next_step=f"Its dimensions are: {known}.",
        )
    return tuple(names)
