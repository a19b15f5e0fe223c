"""How does a CSV of coded purchases become a history? Column names as options, amounts exact."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from core.errors import InvalidInputError
from core.money import exponent

_SCALE = 6


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """What the columns of the file are called; `unit` may be empty."""

    merchant: str = "merchant_name"
    amount: str = "gross_amount_gbp"
    date: str = "trans_date"
    account: str = "expense_account"
    unit: str = "directorate"
    currency: str = "GBP"


def read_csv_history(path: Path, columns: CsvColumns, provider: str = "csv") -> pl.DataFrame:
    """Read coded purchases; `.gz` is understood.

    Parameters
    ----------
    path
        A CSV with a header; dates are ISO 8601, amounts decimals in major units.
    columns
        The file's names for what is needed.
    provider
        Where the rows come from (see `ml.lineage`).

    Returns
    -------
    polars.DataFrame
        As in `ml.ledger_account.columns`.

    Raises
    ------
    InvalidInputError
        A column is missing, a date or amount cannot be read, or an amount is finer than the
        currency's minor unit.
    """
    raw = pl.read_csv(path, infer_schema=False)
    wanted = [columns.merchant, columns.amount, columns.date, columns.account]
    wanted += [columns.unit] if columns.unit else []
    if missing := [name for name in wanted if name not in raw.columns]:
        raise InvalidInputError(
            f"{path.name} has no column {', '.join(missing)}.",
            next_step=f"It has: {', '.join(raw.columns)}. Name them with the --…-column options.",
        )
    scaled = pl.col(columns.amount).cast(pl.Decimal(38, _SCALE), strict=False)
    frame = raw.with_columns(
        (scaled * 10 ** exponent(columns.currency)).alias("_minor"),
        pl.col(columns.date).str.to_date("%Y-%m-%d", strict=False).alias("_day"),
    )
    unread = frame.filter(
        (pl.col("_minor").is_null() & pl.col(columns.amount).is_not_null())
        | pl.col("_day").is_null()
        | (pl.col("_minor") != pl.col("_minor").round(0))
    )
    if unread.height:
        example = unread.row(0, named=True)
        raise InvalidInputError(
            f"{unread.height} rows cannot be read, such as the amount {example[columns.amount]!r} "
            f"on {example[columns.date]!r}."
        )
    return frame.select(
        pl.lit(provider).alias("provider"),
        pl.col(columns.merchant).alias("merchant"),
        pl.col("_minor").cast(pl.Int64).alias("amount_minor"),
        pl.col("_day").alias("booked_on"),
        pl.col(columns.account).alias("account"),
        (pl.col(columns.unit) if columns.unit else pl.lit("")).alias("unit"),
    )
