"""Does each connection do what it usually does? A day's number and sum beside eight weeks of days.

Robust statistics, per connection and currency, over `unified.transactions`: a day is unusual when
it lies beyond everything that its own kind of day (working day or weekend) showed in eight weeks,
and far beyond their median as well, in units of their usual spread. A monthly payroll is in those
eight weeks and alarms nobody; a first-ever tenfold day does. Where that kind of day is usually
quiet (a card that is used twice a week, any Sunday), its median is 0 and says nothing, and a few
active days say little of what the next may be: there the day is held to the active days of all
kinds, and has to leave their record far behind. A connection is silent when it has been quiet for
longer than ever in eight weeks, counted from when we began to watch it. The verdict is a warning,
with the reason in words.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median_low

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    MetadataValue,
    ResourceParam,
    multi_asset_check,
)

from assets.checks import named
from assets.suites import SUITES, Suite
from assets.translator import raw_key
from core.clock import utc_now
from core.money import format_minor
from core.warehouse import Warehouse
from pipelines.raw import RawTable

USUAL = "activity_is_usual"
DAYS = 56
LEAST_ACTIVE_DAYS = 10
MOST_SPREADS = 6
# Beyond the most that was seen, by half: a record by a hair is no surprise.
BEYOND_RECORD = 1.5
# Where days are usually quiet, the record is of a dozen days: a month's card bill doubles it.
BEYOND_RECORD_OF_FEW = 5.0
FACTOR = 1.4826  # makes the median absolute deviation a standard deviation, where days are normal
MOST_SHOWN = 50
# A provider's first suite whose rows are transactions: where its check stands. Books have none.
SUITE_OF_MONEY: Mapping[str, Suite] = {
    provider: suites[0]
    for provider, all_suites in SUITES.items()
    if (suites := [suite for suite in all_suites if suite.unified == "transactions"])
}
_IS_THERE = "select 1 from system.tables where database = 'unified' and name = 'transactions'"
# Arrays hold the day `last` first, then the days before it; a day without rows is 0.
_SERIES = """
with toDate({last:String}) as last, dateDiff('day', day, last) as ago
select workspace_id, connection_id, currency, min(first_seen_at) as watched_since,
    arrayMap(n -> arraySum(arrayMap((a, v) -> if(a = n, v, 0), groupArray(ago), groupArray(rows))),
        range({days:UInt16} + 1)) as rows_by_day,
    arrayMap(n -> arraySum(arrayMap((a, v) -> if(a = n, v, 0), groupArray(ago), groupArray(moved))),
        range({days:UInt16} + 1)) as moved_by_day
from (
    select workspace_id, connection_id, currency, toDate(occurred_at) as day, count() as rows,
        sum(abs(amount_minor)) as moved, toDate(min(extracted_at)) as first_seen_at
    from unified.transactions final
    where provider = {provider:String} and status = 'succeeded'
        and occurred_at >= toDate({last:String}) - {days:UInt16}
        and occurred_at < toDate({last:String}) + 1
    group by workspace_id, connection_id, currency, day
)
group by workspace_id, connection_id, currency
order by workspace_id, connection_id, currency
"""


@dataclass(frozen=True, slots=True)
class Series:
    """What a connection did in one currency, `last` first.

    Attributes:
        owner: The connection's key.
        currency: ISO 4217.
        last: The newest whole day.
        watched_since: When we first read it; what was quiet before is no silence.
        rows: Facts of each day, `DAYS` + 1 of them.
        moved: Their absolute amounts in minor units.
    """

    owner: str
    currency: str
    last: date
    watched_since: date
    rows: Sequence[int]
    moved: Sequence[int]


def reasons(series: Series) -> list[str]:
    """Return why the series' last day is unusual, in words; nothing where it is not."""
    if sum(1 for rows in series.rows[1:] if rows) < LEAST_ACTIVE_DAYS:
        return []
    found = []
    for name, values in (("facts", series.rows), ("moved", series.moved)):
        alike = [
            value
            for ago, value in enumerate(values)
            if ago and _is_weekend(series.last - timedelta(ago)) == _is_weekend(series.last)
        ]
        factor = BEYOND_RECORD
        if not median_low(alike):
            alike = [value for value in values[1:] if value]
            factor = BEYOND_RECORD_OF_FEW
        if alike and is_beyond(values[0], alike, factor):
            shown = [
                _shown(name, value, series.currency)
                for value in (values[0], median_low(alike), max(alike))
            ]
            found.append(
                f"{shown[0]} on {series.last}; usual are {shown[1]}, the most in eight weeks"
                f" was {shown[2]}"
            )
    quiet, longest = silence(series)
    if quiet > longest + 1 and quiet >= 2 * longest:
        found.append(
            f"nothing for {quiet} days up to {series.last}; the longest quiet in eight weeks"
            f" was {longest} days"
        )
    return found


def is_beyond(value: int, history: Sequence[int], factor: float = BEYOND_RECORD) -> bool:
    """Say whether a value is beyond all of its history, and far beyond its middle.

    Args:
        value: The last day's.
        history: Of the days before.
        factor: How many times their most it has to be.
    """
    usual = median_low(history)
    spread = FACTOR * median_low(abs(other - usual) for other in history)
    floor = max(usual**0.5, usual / 4, 1)
    is_far = value - usual > MOST_SPREADS * max(spread, floor)
    return is_far and value > factor * max(history)


def silence(series: Series) -> tuple[int, int]:
    """Return for how many days it is quiet by now, as we saw it, and the longest quiet before."""
    active = [ago for ago, rows in enumerate(series.rows) if rows]
    watched = max(0, (series.last - series.watched_since).days)
    gaps = [later - ago - 1 for ago, later in pairwise(active)]
    return min(active[0], watched), max(gaps, default=0)


def evaluate_activity(found: Sequence[Series]) -> AssetCheckResult:
    """Judge whether every connection's last day was like its days before, in number and sum."""
    unusual = [(one, why) for one in found for why in reasons(one)]
    lines = [
        f"| {one.owner.replace('|', ' ')} | {one.currency} | {why} |"
        for one, why in unusual[:MOST_SHOWN]
    ]
    head = ["| connection | currency | reason |", "| --- | --- | --- |"]
    return AssetCheckResult(
        passed=not unusual,
        severity=AssetCheckSeverity.WARN,
        metadata={
            "compared": MetadataValue.int(len(found)),
            "unusual": MetadataValue.int(len(unusual)),
            "reasons": MetadataValue.md("\n".join(head + lines)),
        },
    )


def read_series(warehouse: Warehouse, provider: str, last: date) -> list[Series]:
    """Return every connection's days up to `last`; none before the models exist."""
    if not warehouse.rows(_IS_THERE):
        return []
    rows = warehouse.rows(_SERIES, {"provider": provider, "last": last.isoformat(), "days": DAYS})
    return [
        Series(
            f"{row['workspace_id']}|{row['connection_id']}", row["currency"], last,
            row["watched_since"], row["rows_by_day"], row["moved_by_day"],
        )
        for row in rows
    ]  # fmt: skip


def build_activity_checks(provider: str) -> AssetChecksDefinition:
    """Return the comparison of a provider's connections with themselves, as one check."""
    suite = SUITE_OF_MONEY[provider]
    anchor = raw_key(RawTable(provider, suite.object).name)

    @multi_asset_check(
        name=f"{provider}_activity_checks",
        specs=[AssetCheckSpec(USUAL, asset=anchor, description=evaluate_activity.__doc__)],
    )
    def activity_checks(
        context: AssetCheckExecutionContext, warehouse: ResourceParam[Warehouse]
    ) -> Iterator[AssetCheckResult]:
        last = utc_now().date() - timedelta(days=suite.settled_days)
        found = read_series(warehouse, provider, last)
        yield named(evaluate_activity(found), anchor, USUAL)

    return activity_checks


def _is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def _shown(name: str, value: int, currency: str) -> str:
    if name == "facts":
        return f"{value:,} transactions"
    return f"{format_minor(value, currency)} {currency}"
