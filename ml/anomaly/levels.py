"""What is usual in an account, what is rare in a currency? Said month by month, of the year before.

A payment is judged by the months before its own, so one that lands later does not change what was
said of it; and levels are rounded to a coarse grid (four steps to each doubling, what is usual to
the doubling), so that of a million payments a thousand late ones move hardly any. Where one moves,
payments of such amounts are judged anew (`assets.enrichment_levels`). Payments are counted here as
in the warehouse (`ml.feature_queries.SPENT`).
"""

from __future__ import annotations

import polars as pl

from ml.transactions import IS_BANK_LINE

ACCOUNT = ["connection_id", "account_id", "currency"]
KEY = [*ACCOUNT, "month"]
# How often which amount was paid: `low` is the grid's step at or below it.
SPENT: dict[str, pl.DataType] = {
    "connection_id": pl.String(), "account_id": pl.String(), "currency": pl.String(),
    "month": pl.Date(), "low": pl.Int64(), "payments": pl.Int64(),
}  # fmt: skip
SCHEMA: dict[str, pl.DataType] = {
    **{name: SPENT[name] for name in KEY},
    "usual_minor": pl.Int64(), "rare_minor": pl.Int64(),
}  # fmt: skip
GRID = [*range(4), *((4 + quarter) << octave for octave in range(60) for quarter in range(4))]
_MONTHS = 12
# What is rare is known after so many months and payments.
_OLD_MONTHS, _LEAST_PAYMENTS = 3, 100
_RARE = 0.99


def spent(frame: pl.DataFrame, transfer: pl.DataFrame) -> pl.DataFrame:
    """Count what was paid, own transfers left out.

    Parameters
    ----------
    frame
        As in `ml.transactions`.
    transfer
        What `transfer` says of its rows.
    """
    is_own = transfer.select(pl.col("value").is_not_null() & ~pl.col("abstained"))["value"]
    return (
        frame.filter(
            IS_BANK_LINE & ~is_own & (pl.col("amount_minor") < 0)
            & (pl.col("status").fill_null("succeeded") == "succeeded")
            & pl.col("booked_on").is_not_null() & pl.col("currency").is_not_null()
        )
        .group_by(
            pl.col("connection_id", "account_id").fill_null(""), "currency",
            pl.col("booked_on").dt.truncate("1mo").alias("month"), step().alias("low"),
        )
        .agg(pl.len().cast(pl.Int64).alias("payments"))
        .select(pl.col(name).cast(dtype) for name, dtype in SPENT.items())
    )  # fmt: skip


def step() -> pl.Expr:
    """Return the grid's step at or below an amount."""
    grid = pl.Series("low", GRID, pl.Int64)
    place = pl.lit(grid).search_sorted(-pl.col("amount_minor"), side="right") - 1
    return pl.lit(grid).gather(place)


def levels(counted: pl.DataFrame) -> pl.DataFrame:
    """Return what is usual and what is rare, by account and month in which something was paid.

    Parameters
    ----------
    counted
        Of `spent`.

    Returns
    -------
    polars.DataFrame
        `usual_minor`: the middle of what the account paid in the twelve months before, or in this
        one where that is nothing; `rare_minor`: more than 99 in 100 payments in the currency were
        less, null where too little is known. Both are steps of the grid.

    Examples
    --------
    >>> from datetime import date
    >>> year = [("c", "a", "EUR", date(2024, month, 1), 448, 30) for month in range(1, 6)]
    >>> found = levels(pl.DataFrame(year, schema=SPENT, orient="row")).sort("month")
    >>> found.select("usual_minor", "rare_minor").rows()[3:]
    [(256, None), (256, 512)]
    """
    usual = _quantile(_year_before(counted, ACCOUNT), ACCOUNT, 0.5)
    own = _quantile(counted, ACCOUNT, 0.5)
    whole = counted.group_by("currency", "month", "low").agg(pl.col("payments").sum())
    rare = _quantile(_year_before(whole, ["currency"]), ["currency"], _RARE)
    above = dict(zip(GRID, [*GRID[1:], GRID[-1]], strict=True))
    octave = {low: 1 << (low.bit_length() - 1) if low else 0 for low in GRID}
    is_old = pl.col("month").dt.offset_by(f"-{_OLD_MONTHS}mo") >= pl.lit(
        counted["month"].min(), pl.Date
    )
    return (
        own.rename({"level": "own"})
        .join(usual, on=KEY, how="left")
        .join(rare, on=["currency", "month"], how="left", suffix="_rare")
        .select(
            *KEY,
            pl.coalesce("level", "own").replace_strict(octave, return_dtype=pl.Int64)
            .alias("usual_minor"),
            pl.when(is_old & (pl.col("payments_rare") >= _LEAST_PAYMENTS))
            .then(pl.col("level_rare").replace_strict(above, return_dtype=pl.Int64, default=None))
            .alias("rare_minor"),
        )
    )  # fmt: skip


def _year_before(counted: pl.DataFrame, group: list[str]) -> pl.DataFrame:
    """Count for each month what was paid in the twelve months before it."""
    months = counted.select(*group, "month").unique()
    before = counted.select(*group, pl.col("month").alias("paid_in"), "low", "payments")
    first = pl.col("month").dt.offset_by(f"-{_MONTHS}mo")
    return (
        months.join(before, on=group)
        .filter((pl.col("paid_in") < pl.col("month")) & (pl.col("paid_in") >= first))
        .group_by(*group, "month", "low")
        .agg(pl.col("payments").sum())
    )


def _quantile(counted: pl.DataFrame, group: list[str], share: float) -> pl.DataFrame:
    """Return the step by which a share of the payments is reached, and how many there are."""
    of = [*group, "month"]
    reached = pl.col("payments").cum_sum().over(of) >= share * pl.col("payments").sum().over(of)
    return (
        counted.sort(*of, "low")
        .with_columns(pl.col("payments").sum().over(of).alias("all"), reached.alias("is_reached"))
        .filter("is_reached")
        .group_by(of, maintain_order=True)
        .agg(pl.col("low").first().alias("level"), pl.col("all").first().alias("payments"))
    )
