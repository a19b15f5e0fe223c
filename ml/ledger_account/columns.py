"""Which columns does the ledger account facet read? Checked once, normalised once.

| column | type | meaning |
| --- | --- | --- |
| provider | String | where the row came from (see `ml.lineage`) |
| merchant | String | the descriptor, as raw as it is |
| amount_minor | Int64 | exact amount; null when unknown |
| booked_on | Date | the day of the purchase |
| unit | String, optional | who spent: directorate, department, card, project |
| account | String, history only | what the bookkeeper chose |
"""

import polars as pl

from core.errors import InvalidInputError
from ml.lineage import require_permitted

REQUIRED: dict[str, pl.DataType] = {
    "merchant": pl.String(),
    "amount_minor": pl.Int64(),
    "booked_on": pl.Date(),
}


def purchases(frame: pl.DataFrame) -> pl.DataFrame:
    """Check the columns of purchases and normalise their text.

    Parameters
    ----------
    frame
        Rows with the columns above.

    Returns
    -------
    polars.DataFrame
        `merchant` and `unit` in lower case without outer blanks (missing is empty), `key` (the
        merchant without digits and store numbers), `amount_minor`, `booked_on`; row order kept.

    Raises
    ------
    InvalidInputError
        A column is missing, has another type, or a date is missing.
    """
    require_permitted(frame)
    for name, dtype in REQUIRED.items():
        if name not in frame.columns:
            raise InvalidInputError(f"The purchases lack the column `{name}`.")
        if frame.height and frame[name].dtype != dtype:
            raise InvalidInputError(f"`{name}` must be {dtype}, not {frame[name].dtype}.")
    if frame["booked_on"].null_count():
        raise InvalidInputError("Some purchases have no date.")
    unit = _text("unit") if "unit" in frame.columns else pl.lit("")
    letters = (
        pl.col("merchant")
        .str.replace_all(r"[^\p{L}&. ]", " ")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )
    return (
        frame.select(
            _text("merchant").alias("merchant"),
            unit.alias("unit"),
            pl.col("amount_minor").cast(pl.Int64),
            pl.col("booked_on").cast(pl.Date),
        )
        .with_columns(letters.alias("key"))
        .with_columns(pl.when(pl.col("key") == "").then("merchant").otherwise("key").alias("key"))
    )


def coded_history(frame: pl.DataFrame) -> pl.DataFrame:
    """Check a coded history and put it in the order of its days.

    Parameters
    ----------
    frame
        Purchases with the column `account`.

    Returns
    -------
    polars.DataFrame
        As `purchases`, with `account`, oldest first. Rows without an account are left out.

    Raises
    ------
    InvalidInputError
        `account` is missing or no text.
    """
    if "account" not in frame.columns:
        raise InvalidInputError("The history lacks the column `account`.")
    if frame.height and frame["account"].dtype != pl.String:
        raise InvalidInputError("`account` holds no text.")
    account = frame["account"].cast(pl.String).str.strip_chars()
    coded = purchases(frame).with_columns(account.alias("account"))
    coded = coded.filter(pl.col("account").is_not_null() & (pl.col("account") != ""))
    return coded.sort("booked_on", maintain_order=True)


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).fill_null("").str.strip_chars().str.to_lowercase()
