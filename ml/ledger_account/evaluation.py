"""How good is the facet on purchases that nobody had coded yet? Replayed forward in time.

Three protocols over the same test months, none of which sees a label from its future:

- `frozen`: trained once before the first test month; a whole year without any correction.
- `monthly`: at each month's start trained on all earlier months (the headline).
- `weekly`: as monthly, and each week the corrections of past weeks enter the memory at once, as
  `LedgerAccountModel.corrected` does in use.

Notably absent, deliberately: the order of rows in the file. Exports list purchases card by card,
so neighbours share a card, but nothing like it exists when a single purchase must be booked.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from core.errors import InvalidInputError
from ml.ledger_account.baselines import exact_merchant, most_frequent
from ml.ledger_account.model import finish, predict, train
from ml.ledger_account.ranker import best
from ml.ledger_account.training import Training, block_ends

PROTOCOLS = ("frozen", "monthly", "weekly")


@dataclass(frozen=True, slots=True)
class Replay:
    """The test purchases with every protocol's answers.

    Attributes
    ----------
    rows
        One row per test purchase: truth, unit, month, whether the merchant was seen before, and per
        protocol `<protocol>_value`, `_confidence`, `_automatic`; baselines as `_value`.
    training_rows
        How many purchases were coded before the first test month.
    """

    rows: pl.DataFrame
    training_rows: int


def replay(history: pl.DataFrame, test_months: int = 12) -> Replay:
    """Book the last months of a coded history as if they were to come.

    Parameters
    ----------
    history
        Coded purchases; columns in `ml.ledger_account.columns`.
    test_months
        How many of the last months are tested.

    Returns
    -------
    Replay
        Answers of all protocols and baselines.

    Raises
    ------
    InvalidInputError
        There are too few months to train before the test.
    """
    training = Training(history)
    ends = block_ends(training.history["booked_on"])
    if len(ends) <= test_months + 2:
        raise InvalidInputError(
            f"{len(ends)} months are too few to test the last {test_months}.",
            next_step="Test fewer months, or bring a longer history.",
        )
    for end in ends[:-test_months]:
        training.advance(end)
    first = training.learned
    test = training.history[first:]
    frozen = predict(finish(training), test.with_columns(pl.lit("replay").alias("provider")))
    months = [_month(training, start, end) for start, end in _months(ends[-test_months - 1 :])]
    past = training.history
    rows = test.select("account", "unit", "merchant", "booked_on").with_columns(
        pl.col("booked_on").dt.strftime("%Y-%m").alias("month"),
        pl.col("merchant").is_in(past[:first]["merchant"].unique().implode()).alias("seen"),
        frozen["value"].alias("frozen_value"),
        frozen["confidence"].alias("frozen_confidence"),
        (~frozen["abstained"]).alias("frozen_automatic"),
        most_frequent(past, ends[-test_months - 1 :]).alias("most_frequent_value"),
        exact_merchant(past, [first, past.height]).alias("exact_merchant_frozen_value"),
        exact_merchant(past, ends[-test_months - 1 :]).alias("exact_merchant_monthly_value"),
    )
    return Replay(pl.concat([rows, pl.concat(months)], how="horizontal"), first)


def _months(ends: list[int]) -> list[tuple[int, int]]:
    return list(pairwise(ends))


def _month(training: Training, start: int, end: int) -> pl.DataFrame:
    """Answer one month by the protocols `monthly` and `weekly`, then learn it."""
    ranker, calibration = training.ranker()
    if ranker is None:
        raise InvalidInputError("There are too few purchases before the test to train on.")
    names = np.array(training.names, dtype=object)
    columns: dict[str, pl.Series] = {}
    for protocol, pieces in {
        "monthly": [(start, end)],
        "weekly": _weeks(training.history["booked_on"], start, end),
    }.items():
        values, confidences = [], []
        for piece_start, piece_end in pieces:
            rows = np.arange(piece_start, piece_end)
            found = training.candidates_of(rows, remembered=piece_start)
            choice, score = best(ranker, found.features)
            values.append(names[found.accounts[np.arange(len(rows)), choice]])
            confidences.append(calibration.apply(score))
        confidence = np.concatenate(confidences)
        columns[f"{protocol}_value"] = pl.Series(list(np.concatenate(values)), dtype=pl.String)
        columns[f"{protocol}_confidence"] = pl.Series(confidence)
        columns[f"{protocol}_automatic"] = pl.Series(confidence >= calibration.threshold)
    wording = training.softmax.probabilities(training.features[start:end])
    columns["wording_value"] = pl.Series(list(names[wording.argmax(axis=1)]), dtype=pl.String)
    training.advance(end)
    return pl.DataFrame(columns)


def _weeks(days: pl.Series, start: int, end: int) -> list[tuple[int, int]]:
    cuts = [start]
    limit: date = days[start] + timedelta(days=7)
    for position in range(start, end):
        if days[position] >= limit:
            cuts.append(position)
            limit = days[position] + timedelta(days=7)
    return _months([*cuts, end])


def cold_start(
    history: pl.DataFrame, sizes: tuple[int, ...] = (50, 200, 1000, 3000), following: int = 500
) -> pl.DataFrame:
    """Take each large unit for a new workspace and book what follows its first purchases.

    Parameters
    ----------
    history
        Coded purchases with units.
    sizes
        How many coded purchases the new workspace has.
    following
        How many of the next purchases are booked.

    Returns
    -------
    polars.DataFrame
        Per size: workspaces, accuracy, the share booked automatically, and how much of it is right.
    """
    found = []
    for size in sizes:
        answers = []
        for _, rows in history.sort("booked_on", maintain_order=True).group_by("unit"):
            if rows.height >= max(sizes) + following:
                test = rows[size : size + following]
                answer = predict(train(rows[:size]), test.drop("account"))
                answers.append(
                    answer.with_columns((answer["value"] == test["account"]).alias("ok"))
                )
        if answers:
            pooled = pl.concat(answers)
            automatic = pooled.filter(~pl.col("abstained"))
            found.append(
                {
                    "coded_purchases": size,
                    "workspaces": len(answers),
                    "accuracy": pooled["ok"].mean(),
                    "automatic": automatic.height / pooled.height,
                    "automatic_right": automatic["ok"].mean(),
                }
            )
    return pl.DataFrame(found)
