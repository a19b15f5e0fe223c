"""What does a facet see of a transaction? One frame, whoever asks: Dagster's scoring or the API.

`prepared` makes it of rows of `unified.transactions` (or of raw rows a caller sends): every column
is there with its type, what is missing is null. `merchant` is the raw descriptor, the text that the
bank or the processor wrote; `booked_on` is the booking date, or the day it occurred.
"""

import polars as pl

from core.errors import InvalidInputError
from ml.lineage import require_permitted
from ml.terms import field

MOMENT = pl.Datetime("us", "UTC")
COLUMNS: dict[str, pl.DataType] = {
    "provider": pl.String(),
    "connection_id": pl.String(),
    "id": pl.String(),
    "account_id": pl.String(),
    "type": pl.String(),
    "status": pl.String(),
    "amount_minor": pl.Int64(),
    "currency": pl.String(),
    # What was paid in another currency, where the bank tells it.
    "original_amount_minor": pl.Int64(),
    "original_currency": pl.String(),
    # What the provider's own ledger deducted from it; positive is paid.
    "fee_minor": pl.Int64(),
    "fee_currency": pl.String(),
    "merchant": pl.String(),
    "counterparty": pl.String(),
    "counterparty_account": pl.String(),
    "reference": pl.String(),
    "merchant_category_code": pl.String(),
    "provider_category": pl.String(),
    "payment_method_type": pl.String(),
    "failure_code": pl.String(),
    "decline_code": pl.String(),
    "customer_id": pl.String(),
    "parent_id": pl.String(),
    "occurred_at": MOMENT,
    "booked_on": pl.Date(),
    # Of the account that it moved (`unified.accounts`).
    "account_type": pl.String(),
    "account_subtype": pl.String(),
    "account_mask": pl.String(),
    "account_iban": pl.String(),
    "account_holder": pl.String(),
    "institution": pl.String(),
}
# What stands on a bank account or card; a payment processor's rows have customers, not merchants.
PROCESSOR = "stripe"
IS_LINE = field("provider") != PROCESSOR
IS_BANK_LINE = IS_LINE.expr
_NEEDED = ("provider", "id", "amount_minor", "currency")
_LEAST = 1 - 2**63  # the one amount below has no magnitude that 64 bits hold


def prepared(rows: pl.DataFrame) -> pl.DataFrame:
    """Bring rows into the frame that facets read.

    Parameters
    ----------
    rows
        Any of `COLUMNS`, at least `provider`, `id`, `amount_minor` and `currency`; others are kept
        out.

    Returns
    -------
    polars.DataFrame
        Exactly `COLUMNS`, row order kept.

    Raises
    ------
    InvalidInputError
        A needed column is missing, or one holds another type.
    ForbiddenError
        A row comes from a provider whose terms forbid machine learning (`ml.lineage`).

    Examples
    --------
    >>> row = {"provider": ["plaid"], "id": ["t"], "amount_minor": [-475], "currency": ["USD"],
    ...        "merchant": ["SQ *BLUE BOTTLE 8442"]}
    >>> prepared(pl.DataFrame(row)).columns == list(COLUMNS)
    True
    """
    require_permitted(rows)
    for name in _NEEDED:
        if name not in rows.columns:
            raise InvalidInputError(f"The rows lack the column `{name}`.")
    found = {
        name: pl.col(name).cast(dtype) if name in rows.columns else pl.lit(None, dtype)
        for name, dtype in COLUMNS.items()
    }
    for name in ("amount_minor", "original_amount_minor", "fee_minor"):
        found[name] = found[name].clip(_LEAST)
    found["merchant"] = pl.coalesce(found["merchant"], found["counterparty"])
    found["booked_on"] = pl.coalesce(found["booked_on"], found["occurred_at"].dt.date())
    try:
        return rows.select(what.alias(name) for name, what in found.items())
    except (pl.exceptions.InvalidOperationError, pl.exceptions.ComputeError) as error:
        raise InvalidInputError(f"A column holds another type: {error}") from error
