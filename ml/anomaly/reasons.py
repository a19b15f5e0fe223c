"""What makes a payment unlike those before it? Four questions of the same rows, asked of columns.

Each returns the rows that it finds: `row`, `kind`, `confidence`, `words`. A payment is compared
with earlier ones to its payee, and with the levels of the months before (`ml.anomaly.levels`), so
that a finding does not change when later payments land; the exceptions are a duplicate, which stops
being one where it turns out to be the payee's habit, and a price, whose series must stay steady.
"""

from __future__ import annotations

import polars as pl

from ml.anomaly.payments import PAYEE
from ml.wording import money

# The second of two equal payments, so many days apart.
_DUPLICATE_DAYS = 3
# How often chance would bring such a repeat, at the payee's own pace, at most.
_MOST_CHANCE = 0.1
_LEAST_SPAN = 365
# Two rooms or two seats cost the same.
_TWO_TRAVELLERS = 0.7
# An amount is compared with the latest payments to its payee, at least and at most so many.
LEAST_BEFORE, MOST_BEFORE = 8, 36
# Amounts spread at least so much (logarithm) in anybody's history.
_LEAST_SPREAD = 0.15
_LEAST_DEVIATIONS = 3.5
_LEAST_TIMES_MOST = 2.5
_LEAST_TO_ONE_ACCOUNT = 3
_SCALE = 1.4826  # of a median absolute deviation, to a standard deviation


def duplicates(paid: pl.DataFrame) -> pl.DataFrame:
    """Payments that repeat one of the same amount to the same payee within three days."""
    group = [*PAYEE, "connection_id", "account_id"]
    first, last = pl.col("booked_on").min(), pl.col("booked_on").max()
    span = (last - first).over(group).dt.total_days().clip(lower_bound=_LEAST_SPAN)
    gap = (pl.col("booked_on") - pl.col("booked_on").shift()).over([*group, "paid"])
    is_other = (
        pl.col("reference") != pl.col("reference").shift().over([*group, "paid"])
    ).fill_null(value=False)
    is_repeat = (gap.dt.total_days() <= _DUPLICATE_DAYS).fill_null(value=False) & ~is_other
    found = (
        paid.with_columns(
            span.alias("span"),
            is_repeat.alias("is_repeat"),
            pl.col("id").shift().over([*group, "paid"]).alias("first_id"),
            pl.col("booked_on").shift().over([*group, "paid"]).alias("first_on"),
            (pl.len().over([*group, "paid"]) - 1).alias("equals"),
            pl.len().over(group).alias("payments"),
        )
        .with_columns(pl.col("is_repeat").sum().over(group).alias("repeats"))
        .with_columns((pl.col("equals") * (_DUPLICATE_DAYS + 1) / pl.col("span")).alias("chance"))
        .filter(
            pl.col("is_repeat") & (pl.col("repeats") == 1)
            & (pl.col("paid") >= pl.col("usual_minor")) & (pl.col("chance") <= _MOST_CHANCE)
        )
    )  # fmt: skip
    words = pl.format(
        "{} went to {} on {} already ({}); of {} payments to it no other two are so close.",
        money("paid"), "payee", pl.col("first_on").cast(pl.String), "first_id",
        "payments",
    )  # fmt: skip
    sure = (1 - pl.col("chance") * 2) * pl.when("is_travel").then(_TWO_TRAVELLERS).otherwise(1.0)
    return _said(found, "duplicate", sure, words)


def amounts(paid: pl.DataFrame) -> pl.DataFrame:
    """Payments that are far above all that went to their payee before."""
    log = pl.col("paid").log()

    def before(column: str, of: str) -> pl.Expr:
        rolling = getattr(pl.col(column).shift(), f"rolling_{of}")
        expression: pl.Expr = rolling(MOST_BEFORE, min_samples=LEAST_BEFORE).over(PAYEE)
        return expression

    found = (
        paid.with_columns(log.alias("log"))
        .with_columns(
            before("log", "median").alias("middle"), before("paid", "median").alias("usual"),
            before("paid", "max").alias("most"),
        )
        .with_columns((pl.col("log") - pl.col("middle")).abs().alias("away"))
        .with_columns(before("away", "median").fill_null(0.0).alias("spread"))
        .with_columns(
            ((pl.col("log") - pl.col("middle"))
             / (pl.col("spread") * _SCALE).clip(lower_bound=_LEAST_SPREAD)).alias("deviations"),
            pl.col("row").cum_count().over(PAYEE).clip(upper_bound=MOST_BEFORE + 1).alias("nth"),
        )
        .filter(
            (pl.col("deviations") >= _LEAST_DEVIATIONS)
            & (pl.col("paid") >= pl.col("most") * _LEAST_TIMES_MOST)
            & (pl.col("paid") - pl.col("usual") >= pl.col("usual_minor"))
        )
        .with_columns(pl.col("usual").round().cast(pl.Int64))
    )  # fmt: skip
    words = pl.format(
        "{} to {}; the {} payments before were about {} and at most {}.",
        money("paid"), "payee", pl.col("nth") - 1,
        money("usual"), money("most"),
    )  # fmt: skip
    sure = 1 - 0.6 / pl.col("deviations")
    return _said(found, "amount", sure, words)


def prices(paid: pl.DataFrame) -> pl.DataFrame:
    """Payments of a steady series that cost more than the one before."""
    series = [*PAYEE, "cadence", "series"]
    step = (pl.col("paid") - pl.col("paid").shift()).over(series)
    found = (
        paid.filter(pl.col("series").is_not_null() & ~pl.col("has_no_price"))
        .with_columns(step.alias("step"), pl.col("paid").shift().over(series).alias("price"))
        .with_columns((pl.col("step") == 0).sum().over(series).alias("steady"),
                      pl.col("step").count().over(series).alias("steps"))
        .filter((pl.col("step") > 0) & (pl.col("steady") * 2 >= pl.col("steps")))
    )  # fmt: skip
    words = pl.format(
        "The {} payment to {} rose from {} to {} ({} %).",
        "cadence", "payee", money("price"), money("paid"),
        (pl.col("step") * 100 / pl.col("price")).round(1),
    )  # fmt: skip
    return _said(found, "price_increase", pl.lit(0.95), words)


def payees(paid: pl.DataFrame) -> pl.DataFrame:
    """Large first payments to a payee, and payees whose account is another than before."""
    nth = pl.col("row").cum_count()
    new = paid.with_columns(nth.over(PAYEE).alias("nth")).filter(
        (pl.col("nth") == 1) & (pl.col("paid") >= pl.col("rare_minor"))
    )
    words = pl.format(
        "{} is the first payment to {}; of those in the year before, 99 in 100 were under {}.",
        money("paid"), "payee", money("rare_minor"),
    )  # fmt: skip
    account = pl.col("counterparty_account")
    told = paid.filter(account.is_not_null()).with_columns(
        nth.over(PAYEE).alias("nth"),
        nth.over([*PAYEE, "counterparty_account"]).alias("nth_there"),
        account.shift().over(PAYEE).alias("account_before"),
        account.n_unique().over(PAYEE).alias("accounts"),
    )
    moved = told.filter(
        (pl.col("nth") > _LEAST_TO_ONE_ACCOUNT) & (pl.col("nth_there") == 1)
        & (pl.col("accounts") == 2)
    )  # fmt: skip
    moved_words = pl.format(
        "The first payment to {} on account {}; the {} before went to {}.",
        "payee", "counterparty_account", pl.col("nth") - 1, "account_before",
    )  # fmt: skip
    return pl.concat(
        [
            _said(new, "new_payee", pl.lit(0.8), words),
            _said(moved, "new_account", pl.lit(0.9), moved_words),
        ]
    )


def _said(found: pl.DataFrame, kind: str, confidence: pl.Expr, words: pl.Expr) -> pl.DataFrame:
    return found.select(
        "row", pl.lit(kind).alias("kind"), confidence.cast(pl.Float64).alias("confidence"),
        words.alias("words"),
    )  # fmt: skip
