"""Which payments recur, and what comes next? The facet `recurring` on frames."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

import polars as pl

from core.errors import InvalidInputError
from ml.facet import Context, Facet
from ml.lineage import require_permitted
from ml.recurring.chains import LEAST_SCORE, Chain, chains
from ml.results import results

NAME = "recurring"
VERSION = "recurring-2"
# A series whose next payment is this many periods late has ended.
_ENDED_AFTER = 2.0
# Scores are flattened into confidence, and weak series abstain: among real purchases a third of an
# inspected sample was habit rather than subscription, most of it weak (docs/enrichment.md).
_SOFTNESS = 4.0
_LEAST_CONFIDENCE = 0.8
_REQUIRED = {
    "merchant": pl.String(),
    "amount_minor": pl.Int64(),
    "currency": pl.String(),
    "booked_on": pl.Date(),
}
SERIES_SCHEMA: dict[str, pl.DataType] = {
    "merchant": pl.String(),
    "currency": pl.String(),
    "cadence": pl.String(),
    "rows": pl.List(pl.UInt32()),
    "first_on": pl.Date(),
    "last_on": pl.Date(),
    "amount_minor": pl.Int64(),
    "price_change_minor": pl.Int64(),
    "missed": pl.Int64(),
    "is_active": pl.Boolean(),
    "next_on": pl.Date(),
    "next_from": pl.Date(),
    "next_to": pl.Date(),
    "next_least_minor": pl.Int64(),
    "next_most_minor": pl.Int64(),
    "confidence": pl.Float64(),
}


def series(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Find the recurring series in a workspace's transactions.

    Parameters
    ----------
    frame
        Rows with `provider`, `merchant` (cleaned, or any stable key), `amount_minor`, `currency`,
        `booked_on`. Money in and money out never share a series.
    as_of
        Today, to say what is due, missed or ended.

    Returns
    -------
    polars.DataFrame
        One row per series. `rows` are positions in `frame`; `amount_minor` is the latest amount,
        `price_change_minor` its difference from the amount before the last change (0 if none);
        `missed` counts periods without payment up to `as_of`; `next_from` to `next_to` is meant to
        hold the next payment in at least nine of ten cases.
    """
    _check(frame)
    found = []
    usable = frame.select(*_REQUIRED).with_row_index("row").drop_nulls()
    usable = usable.filter((pl.col("amount_minor") != 0) & (pl.col("booked_on") <= as_of))
    usable = usable.sort("booked_on", "row").with_columns(pl.col("amount_minor").sign().alias("s"))
    for keys, group in usable.group_by("merchant", "currency", "s", maintain_order=True):
        days = group["booked_on"].to_list()
        amounts = [abs(amount) for amount in group["amount_minor"].to_list()]
        rows = group["row"].to_list()
        for chain in chains(days, amounts):
            found.append(
                {
                    "merchant": keys[0],
                    "currency": keys[1],
                    "rows": [rows[position] for position in chain.positions],
                    **_describe(chain, days, amounts, int(str(keys[2])), as_of),
                }
            )
    return pl.DataFrame(found, schema=SERIES_SCHEMA)


def recurring(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Say of each transaction whether it belongs to a series.

    Parameters
    ----------
    frame, as_of
        As for `series`.

    Returns
    -------
    polars.DataFrame
        As in `ml.results`; `value` is the cadence, or `none`.
    """
    found = series(frame, as_of)
    answers: list[tuple[str, float, str]] = [("none", 0.5, "No rhythm found.")] * frame.height
    for line in found.iter_rows(named=True):
        told = f"{len(line['rows'])} {line['cadence']} payments since {line['first_on']}, " + (
            f"next about {line['next_on']}." if line["is_active"] else "ended."
        )
        for row in line["rows"]:
            answers[row] = (line["cadence"], line["confidence"], told)
    return results(
        NAME,
        value=[answer[0] for answer in answers],
        confidence=[answer[1] for answer in answers],
        evidence=[answer[2] for answer in answers],
        model_version=VERSION,
        abstained=[answer[0] != "none" and answer[1] < _LEAST_CONFIDENCE for answer in answers],
    )


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet: by the merchant's clean name; nothing where no rhythm was found."""
    named = frame.with_columns(context.found["merchant"]["value"].alias("merchant"))
    answers = recurring(named, context.as_of)
    return answers.with_columns(
        pl.when(pl.col("value") != "none").then("value").alias("value"),
    )


@dataclass(frozen=True, slots=True)
class _Rhythm:
    """What is learned from a chain's distances."""

    periods: list[int]
    strays: list[int]


def _describe(
    chain: Chain, days: list[date], amounts: list[int], sign: int, as_of: date
) -> dict[str, object]:
    on = [days[position] for position in chain.positions]
    paid = [amounts[position] for position in chain.positions]
    rhythm = _rhythm(chain, on)
    last = on[-1]
    # The usual day, undisturbed by one late payment: the median of where the latest ones point.
    ahead = [
        chain.cadence.after(day, sum(rhythm.periods[index:]) + 1)
        for index, day in list(enumerate(on))[-5:]
    ]
    expected = date.fromordinal(round(median(day.toordinal() for day in ahead)))
    slack = max(2, math.ceil(1.65 * sum(rhythm.strays) / len(rhythm.strays)) + 1)
    late = max((as_of - expected).days - slack, 0) / chain.cadence.length
    overdue = math.ceil(late) if late > 0 else 0
    changes = [later - earlier for earlier, later in pairwise(paid)]
    steady = sum(change == 0 for change in changes) >= len(changes) / 2
    if steady:
        least = most = paid[-1]
        change = next((step for step in reversed(changes) if step), 0)
    else:
        least, most = min(paid[-12:]), max(paid[-12:])
        change = 0
    bounds = sorted([sign * least, sign * most])
    return {
        "cadence": chain.cadence.name,
        "first_on": on[0],
        "last_on": last,
        "amount_minor": sign * paid[-1],
        "price_change_minor": sign * change,
        "missed": sum(rhythm.periods) - len(rhythm.periods) + overdue,
        "is_active": late < _ENDED_AFTER,
        "next_on": expected,
        "next_from": expected - timedelta(days=slack),
        "next_to": expected + timedelta(days=slack),
        "next_least_minor": bounds[0],
        "next_most_minor": bounds[1],
        "confidence": 1 / (1 + math.exp((LEAST_SCORE - chain.score) / _SOFTNESS)),
    }


def _rhythm(chain: Chain, on: list[date]) -> _Rhythm:
    periods, strays = [], []
    for earlier, later in pairwise(on):
        count = max(round((later - earlier).days / chain.cadence.length), 1)
        periods.append(count)
        strays.append(abs((later - chain.cadence.after(earlier, count)).days))
    return _Rhythm(periods, strays)


def _check(frame: pl.DataFrame) -> None:
    require_permitted(frame)
    for name, dtype in _REQUIRED.items():
        if name not in frame.columns:
            raise InvalidInputError(f"The rows lack the column `{name}`.")
        if frame.height and frame[name].dtype != dtype:
            raise InvalidInputError(f"`{name}` must be {dtype}, not {frame[name].dtype}.")


FACET = Facet(
    name=NAME,
    says="The rhythm of the series that a payment belongs to: `weekly`, `monthly`, `yearly`, …",
    answer=answer,
    version=VERSION,
    reads="history",
    after=("merchant",),
    corrects=False,
)
