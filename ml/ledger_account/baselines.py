"""What would one do without learning? The floors that the facet is compared with."""

from itertools import pairwise

import polars as pl


def most_frequent(history: pl.DataFrame, ends: list[int]) -> pl.Series:
    """Answer each block with the most frequent account before it.

    Parameters
    ----------
    history
        Coded purchases in time order (`columns.coded_history`).
    ends
        Block limits; rows from the first limit on are answered.

    Returns
    -------
    polars.Series
        One account per answered row.
    """
    return pl.concat(
        [
            pl.repeat(_top(history[:start]), end - start, dtype=pl.String, eager=True)
            for start, end in pairwise(ends)
        ]
    )


def exact_merchant(history: pl.DataFrame, ends: list[int]) -> pl.Series:
    """Answer each purchase with its merchant's most frequent account before its block.

    Parameters
    ----------
    history, ends
        As for `most_frequent`, which answers for merchants not seen before.

    Returns
    -------
    polars.Series
        One account per answered row.
    """
    answered = []
    for start, end in pairwise(ends):
        past = history[:start]
        table = (
            past.group_by("merchant", "account")
            .len()
            .sort("len", "account", descending=[True, False])
            .unique("merchant", keep="first", maintain_order=True)
            .select("merchant", pl.col("account").alias("answer"))
        )
        joined = history[start:end].select("merchant").join(
            table, on="merchant", how="left", maintain_order="left"
        )  # fmt: skip
        answered.append(joined["answer"].fill_null(_top(past)))
    return pl.concat(answered)


def ceiling(rows: pl.DataFrame) -> float:
    """Return the accuracy of always choosing each merchant's best account in hindsight.

    Parameters
    ----------
    rows
        Purchases with `merchant` and `account`.

    Returns
    -------
    float
        What the merchant string alone can give at most on these rows.
    """
    counts = rows.group_by("merchant", "account").len()
    best = counts.group_by("merchant").agg(pl.col("len").max())
    return float(best["len"].sum()) / rows.height


def _top(past: pl.DataFrame) -> str:
    counts = past.group_by("account").len().sort("len", "account", descending=[True, False])
    return str(counts["account"][0])
