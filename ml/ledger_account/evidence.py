"""Why this account? One sentence per purchase, from the most specific context that knows it."""

import polars as pl

from ml.ledger_account.candidates import Candidates
from ml.ledger_account.fingerprints import FEW
from ml.ledger_account.memory import Integers

# Most specific first; the sentence's subject.
_SUBJECTS = {
    "merchant, unit": ("'{}' in '{}'", "merchant", "unit"),
    "merchant": ("'{}'", "merchant"),
    "name, unit": ("Merchants like '{}' in '{}'", "key", "unit"),
    "name": ("Merchants like '{}'", "key"),
}

_NEW = "New merchant: wording, amount and unit resemble purchases booked so."


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
    if rows.height <= FEW:
        return pl.Series("evidence", _each(rows, found, choice), pl.String)
    sentence = pl.lit(_NEW)
    counts: list[pl.Series] = []
    for name in reversed(_SUBJECTS):
        recall = found.recalls[name]
        counts.append(pl.Series(f"{name} times", recall.times(choice)))
        counts.append(pl.Series(f"{name} total", recall.times_total()))
        subject = pl.format(*_SUBJECTS[name])
        counted_so = pl.format(
            "{} was booked so {} of {} times.", subject, f"{name} times", f"{name} total"
        )
        known = pl.col(f"{name} times") > 0
        if "unit" in name:
            known &= pl.col("unit") != ""
        sentence = pl.when(known).then(counted_so).otherwise(sentence)
    return rows.hstack(counts).select(sentence.alias("evidence"))["evidence"]


def _each(rows: pl.DataFrame, found: Candidates, choice: Integers) -> list[str]:
    """Say the same of a few rows, one by one."""
    counted = {
        name: (found.recalls[name].times(choice), found.recalls[name].times_total())
        for name in _SUBJECTS
    }
    said = []
    for at, row in enumerate(rows.iter_rows(named=True)):
        sentence = _NEW
        for name, (words, *fields) in _SUBJECTS.items():
            times, total = counted[name]
            if times[at] and ("unit" not in name or row["unit"]):
                subject = words.format(*(row[field] for field in fields))
                sentence = f"{subject} was booked so {times[at]} of {total[at]} times."
                break
        said.append(sentence)
    return said
