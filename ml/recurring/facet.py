"""Which payments recur, and what comes next? The facet `recurring` on frames."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

import numpy as np
import polars as pl

from core.errors import InvalidInputError
from ml.facet import Alone, Context, Facet
from ml.lineage import require_permitted
from ml.recurring.cadences import CADENCES, EPOCH
from ml.recurring.chains import LEAST_PAYMENTS, LEAST_SCORE, Chain, chains
from ml.recurring.payments import Payments
from ml.recurring.told import told
from ml.results import Said, results
from ml.terms import Line

NAME = "recurring"
VERSION = "recurring-4"
# Of a payee with more than these the earliest are left out: pairs grow with the square.
_MOST_PAYMENTS = 2_000
# A series whose next payment is this many periods late has ended.
_ENDED_AFTER = 2.0
# Scores are flattened into confidence, and weak series abstain: among real purchases a third of an
# inspected sample was habit rather than subscription, most of it weak (docs/enrichment.md).
_SOFTNESS = 4.0
_LEAST_CONFIDENCE = 0.8
_NO_RHYTHM = "No rhythm found."
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
        `missed` counts periods without payment up to `as_of`, or to where the series ended;
        `next_from` to `next_to` is meant to hold the next payment in at least nine of ten cases.
    """
    _check(frame)
    if frame.height < LEAST_PAYMENTS or not (usable := _usable(frame, as_of)).height:
        return pl.DataFrame(schema=SERIES_SCHEMA)
    payments = Payments(
        usable["payee"].to_numpy().astype(np.int64),
        usable["booked_on"].to_physical().to_numpy().astype(np.int64) + EPOCH,
        np.log(np.abs(usable["amount_minor"].to_numpy().astype(float))),
    )
    names = usable.unique("payee", keep="first", maintain_order=True).select("merchant", "currency")
    found = []
    for (merchant, currency), own in zip(names.iter_rows(), chains(payments), strict=True):
        for chain in own:
            paid = usable[chain.places]
            found.append(
                {
                    "merchant": merchant,
                    "currency": currency,
                    "rows": paid["row"],
                    **_describe(chain, paid["booked_on"], paid["amount_minor"], as_of),
                }
            )
    return pl.DataFrame(found, schema=SERIES_SCHEMA)


def _usable(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What may be in a series, by payee and day, with `row` and the `payee`'s number."""
    of_payee = ("merchant", "currency", "is_out")
    nth_last = pl.len() - pl.int_range(pl.len())
    return (
        frame.select(*_REQUIRED)
        .with_row_index("row")
        .drop_nulls()
        .filter((pl.col("amount_minor") != 0) & (pl.col("booked_on") <= as_of))
        .with_columns((pl.col("amount_minor") < 0).alias("is_out"))
        .sort("booked_on", "row")
        .with_row_index("place")
        .with_columns(
            pl.len().over(of_payee).alias("payments"), nth_last.over(of_payee).alias("nth_last"),
            pl.col("place").first().over(of_payee).alias("first"),
        )
        .filter((pl.col("payments") >= LEAST_PAYMENTS) & (pl.col("nth_last") <= _MOST_PAYMENTS))
        .sort("first", "place")
        .with_columns(pl.col("first").rle_id().alias("payee"))
    )  # fmt: skip


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
    if not found.height:
        return results(
            NAME, value=pl.repeat("none", frame.height, eager=True),
            confidence=pl.repeat(0.5, frame.height, eager=True),
            evidence=pl.repeat(_NO_RHYTHM, frame.height, eager=True), model_version=VERSION,
            abstained=pl.repeat(value=False, n=frame.height, eager=True),
        )  # fmt: skip
    of_rows = found.select(
        "cadence", "confidence", pl.col("rows").alias("row"), told(found)
    ).explode("row")
    said = frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")).join(
        of_rows, on="row", how="left", maintain_order="left"
    )
    return results(
        NAME,
        value=said["cadence"].fill_null("none"),
        confidence=said["confidence"].fill_null(0.5),
        evidence=said["words"].fill_null(_NO_RHYTHM),
        model_version=VERSION,
        abstained=(said["confidence"] < _LEAST_CONFIDENCE).fill_null(value=False),
    )


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet: by the merchant's clean name; nothing where no rhythm was found."""
    named = frame.with_columns(context.found["merchant"]["value"].alias("merchant"))
    answers = recurring(named, context.as_of)
    return answers.with_columns(
        pl.when(pl.col("value") != "none").then("value").alias("value"),
    )


def alone(row: Line, context: Alone) -> Said:
    """Answer as a facet of one row: no rhythm."""
    del row, context
    return Said(None, 0.5, _NO_RHYTHM, VERSION, abstained=False)


@dataclass(frozen=True, slots=True)
class _Rhythm:
    """What is learned from a chain's distances."""

    periods: list[int]
    strays: list[int]


def _describe(chain: Chain, days: pl.Series, amounts: pl.Series, as_of: date) -> dict[str, object]:
    on, paid = days.to_list(), [abs(amount) for amount in amounts.to_list()]
    sign = -1 if amounts[0] < 0 else 1
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
    # What has ended misses no more: nothing is to be said of it anew each day.
    overdue = math.ceil(min(late, _ENDED_AFTER)) if late > 0 else 0
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
    alone=alone,
    version=VERSION,
    reads="history",
    after=("merchant",),
    corrects=False,
    values=lambda: frozenset(cadence.name for cadence in CADENCES),
    card=(
        "The chain of payments that chance explains worst, in eight rhythms; what it missed, its"
        " price and what comes next stand in the evidence. Thresholds were chosen on generated"
        " statements and measured on others of the same generator (F1 0.98), so real series are"
        " harder; confidence is a score's shape, not calibrated. Series of three or four payments"
        " among dozens of others are missed."
    ),
)
