"""Why this account? One sentence per purchase, from the most specific context that knows it."""

import numpy as np
import polars as pl

from ml.ledger_account.candidates import Candidates
from ml.ledger_account.memory import Integers

# Most specific first; the sentence's subject.
_SUBJECTS = {
    "merchant, unit": ("'{}' in '{}'", "merchant", "unit"),
    "merchant": ("'{}'", "merchant"),
    "name, unit": ("Merchants like '{}' in '{}'", "key", "unit"),
    "name": ("Merchants like '{}'", "key"),
}


def evidence(rows: pl.DataFrame, found: Candidates, choice: Integers) -> pl.Series:
    """Say how often the chosen account was chosen before in the same context.

    Parameters
    ----------
    rows
        Purchases of `columns.purchases`.
    found
        Their candidates.
    choice
        Which candidate was chosen.

    Returns
    -------
    polars.Series
        One sentence per row.
    """
    at = np.arange(rows.height)
    sentence = pl.lit("New merchant: wording, amount and unit resemble purchases booked so.")
    counts: list[pl.Series] = []
    for name in reversed(_SUBJECTS):
        recall = found.recalls[name]
        counts.append(pl.Series(f"{name} times", recall.times[at, choice]))
        counts.append(pl.Series(f"{name} total", recall.times_total))
        subject = pl.format(*_SUBJECTS[name])
        counted_so = pl.format(
            "{} was booked so {} of {} times.", subject, f"{name} times", f"{name} total"
        )
        known = pl.col(f"{name} times") > 0
        if "unit" in name:
            known &= pl.col("unit") != ""
        sentence = pl.when(known).then(counted_so).otherwise(sentence)
    return rows.hstack(counts).select(sentence.alias("evidence"))["evidence"]
