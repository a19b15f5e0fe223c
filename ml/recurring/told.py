"""What is to be said of a series? Its rhythm, what it missed, its price, and what comes next."""

import polars as pl

from ml.wording import money

_AMOUNTS = ("amount_minor", "before", "low", "high")
_NEXT = ("next_least_minor", "next_most_minor")


def told(found: pl.DataFrame) -> pl.Series:
    """Return the words of each series.

    Parameters
    ----------
    found
        Of `ml.recurring.series`.
    """
    said = found.with_columns(
        pl.col("rows").list.len().alias("payments"),
        (pl.col("amount_minor") - pl.col("price_change_minor")).alias("before"),
        pl.min_horizontal(pl.col(*_NEXT).abs()).alias("low"),
        pl.max_horizontal(pl.col(*_NEXT).abs()).alias("high"),
        pl.col(_NEXT[0]).ne(pl.col(_NEXT[1])).alias("varies"),
    ).with_columns(money(amount) for amount in _AMOUNTS)
    return said.select(
        pl.concat_str(
            pl.format("{} {} payments since {}", "payments", "cadence", "first_on"),
            _where(pl.col("missed") > 0, pl.format(", {} missed", "missed")),
            _where(
                pl.col("price_change_minor") != 0,
                pl.format("; the price was {}, now {}", "before", "amount_minor"),
            ),
            pl.when("is_active").then(_next()).otherwise(pl.lit("; ended.")),
        ).alias("words")
    )["words"]


def _next() -> pl.Expr:
    amount = pl.when("varies").then(pl.format("{} to {}", "low", "high")).otherwise("high")
    return pl.format("; next about {} ({} to {}), {}.", "next_on", "next_from", "next_to", amount)


def _where(fits: pl.Expr, words: pl.Expr) -> pl.Expr:
    return pl.when(fits).then(words).otherwise(pl.lit(""))
