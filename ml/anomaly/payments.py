"""What was paid, to whom, in which order? The payments of which each is judged by those before."""

from __future__ import annotations

import polars as pl

from ml.accounts import is_shown_again
from ml.facet import Context
from ml.transactions import IS_BANK_LINE

PAYEE = ["payee", "currency"]
# What is paid for these is no price, however steady.
_NO_PRICES = ("government.taxes", "people.payroll")


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
        merchant's clean name; `series` what the rows of one recurring series have in common.
    """
    recurring, transfer = context.found["recurring"], context.found["transfer"]
    is_series = recurring["value"].is_not_null() & ~recurring["abstained"]
    return (
        frame.select(
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
            "connection_id", "id", "account_id", "currency", "booked_on", "reference",
            "counterparty_account", "status", "amount_minor", IS_BANK_LINE.alias("is_line"),
            is_shown_again(frame),
        )
        .with_columns(
            context.found["merchant"]["value"].alias("payee"),
            (transfer["value"].is_not_null() & ~transfer["abstained"]).alias("is_transfer"),
            context.found["category"]["value"].str.starts_with("travel.").fill_null(value=False)
            .alias("is_travel"),
            context.found["category"]["value"].is_in(_NO_PRICES).fill_null(value=False)
            .alias("has_no_price"),
            # The rows of one series carry the same words (`ml.recurring.facet`).
            pl.when(is_series).then(recurring["evidence"]).alias("series"),
            pl.when(is_series).then(recurring["value"]).alias("cadence"),
        )
        .filter(
            pl.col("is_line") & ~pl.col("is_shown_again") & ~pl.col("is_transfer")
            & (pl.col("amount_minor") < 0)
            & (pl.col("status").fill_null("succeeded") == "succeeded")
            & pl.col("payee").is_not_null() & pl.col("booked_on").is_not_null()
            & pl.col("currency").is_not_null()
        )
        .with_columns((-pl.col("amount_minor")).alias("paid"))
        .filter(pl.col("paid") > 0)
        .sort("booked_on", "connection_id", "id", "paid")
    )  # fmt: skip
