"""What was paid, to whom, in which order? The payments of which each is judged by those before."""

from __future__ import annotations

import polars as pl

from ml.accounts import is_shown_again
from ml.anomaly.levels import KEY, levels, spent
from ml.facet import Context
from ml.transactions import IS_BANK_LINE

PAYEE = ["payee", "currency"]
# What is paid for these is no price, however steady.
_NO_PRICES = ["government.taxes", "people.payroll"]


def payments(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Return settled money out of bank accounts and cards, without own transfers, oldest first.

    Parameters
    ----------
    frame
        As in `ml.transactions`.
    context
        With the answers of `merchant`, `category`, `recurring` and `transfer`.

    Returns
    -------
    polars.DataFrame
        `row` is the place in the frame; `paid` the amount as a positive number; `payee` the
        merchant's clean name; `series` what the rows of one recurring series have in common;
        `usual_minor` and `rare_minor` the levels of its account and month.
    """
    recurring, transfer = context.found["recurring"], context.found["transfer"]
    category = context.found["category"]["value"]
    told = pl.DataFrame(
        [
            context.found["merchant"]["value"].alias("payee"), category.alias("category"),
            transfer["value"].alias("transfer"), transfer["abstained"].alias("no_transfer"),
            recurring["value"].alias("cadence"), recurring["abstained"].alias("no_series"),
            recurring["evidence"].alias("series"), is_shown_again(frame),
        ]
    )  # fmt: skip
    known = None if context.beyond is None else context.beyond.levels
    if known is None:
        known = levels(spent(frame, transfer))
    is_series = pl.col("cadence").is_not_null() & ~pl.col("no_series")
    return (
        frame.hstack(told)
        .with_row_index("row")
        .filter(
            IS_BANK_LINE & ~pl.col("is_shown_again")
            & (pl.col("transfer").is_null() | pl.col("no_transfer"))
            & (pl.col("amount_minor") < 0)
            & (pl.col("status").fill_null("succeeded") == "succeeded")
            & pl.col("payee").is_not_null() & pl.col("booked_on").is_not_null()
            & pl.col("currency").is_not_null()
        )
        .select(
            "row", "connection_id", "id", "account_id", "currency", "booked_on", "reference",
            "counterparty_account", "payee", (-pl.col("amount_minor")).alias("paid"),
            pl.col("category").str.starts_with("travel.").fill_null(value=False)
            .alias("is_travel"),
            pl.col("category").is_in(_NO_PRICES).fill_null(value=False).alias("has_no_price"),
            # The rows of one series carry the same words (`ml.recurring.facet`).
            pl.when(is_series).then("series").alias("series"),
            pl.when(is_series).then("cadence").alias("cadence"),
        )
        .filter(pl.col("paid") > 0)
        .with_columns(
            pl.col("connection_id", "account_id").fill_null(""),
            pl.col("booked_on").dt.truncate("1mo").alias("month"),
        )
        .join(known, on=KEY, how="left")
        .sort("booked_on", "connection_id", "id", "paid")
    )  # fmt: skip
