"""What does every facet answer? One schema, whatever the facet.

A facet that is not sure abstains: the value is still its best guess, `abstained` says not to act
on it without a person.
"""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

SCHEMA: dict[str, pl.DataType] = {
    "facet": pl.String(),
    "value": pl.String(),
    "confidence": pl.Float64(),
    "evidence": pl.String(),
    "model_version": pl.String(),
    "abstained": pl.Boolean(),
}


class Said(NamedTuple):
    """What one facet answers of one row: `SCHEMA` without the facet's name."""

    value: str | None
    confidence: float
    evidence: str
    model_version: str
    abstained: bool


NOTHING = Said(None, 0.0, "", "", abstained=True)


def results(
    facet: str,
    *,
    value: Sequence[str | None] | pl.Series,
    confidence: Sequence[float] | pl.Series,
    evidence: Sequence[str] | pl.Series,
    model_version: str | pl.Series,
    abstained: Sequence[bool] | pl.Series,
) -> pl.DataFrame:
    """Build a frame of results, one row per input row, in input order.

    Parameters
    ----------
    facet
        The facet's name.
    value, confidence, evidence, abstained
        One entry per row. `confidence` is a probability.
    model_version
        The model or rule set that answered: one for all rows, or one entry per row.

    Returns
    -------
    polars.DataFrame
        Columns as in `SCHEMA`.

    Examples
    --------
    >>> results("receipt_required", value=["yes"], confidence=[1.0], evidence=["rule"],
    ...         model_version="rules-1", abstained=[False]).columns
    ['facet', 'value', 'confidence', 'evidence', 'model_version', 'abstained']
    """
    said = {
        "value": value, "confidence": confidence, "evidence": evidence, "abstained": abstained,
    }  # fmt: skip
    columns = {name: pl.Series(name, of, SCHEMA[name]) for name, of in said.items()}
    rows = len(columns["value"])
    for name, said_so in (("facet", facet), ("model_version", model_version)):
        columns[name] = (
            said_so.alias(name)
            if isinstance(said_so, pl.Series)
            else pl.Series(name, [said_so], pl.String).new_from_index(0, rows)
        )
    return pl.DataFrame([columns[name] for name in SCHEMA])


def nothing(facet: str, rows: int) -> pl.DataFrame:
    """Say nothing of so many rows: null values, of which no finding is kept.

    Examples
    --------
    >>> nothing("recurring", 2)["value"].to_list()
    [None, None]
    """
    return results(
        facet,
        value=[None] * rows,
        confidence=[0.0] * rows,
        evidence=[""] * rows,
        model_version="",
        abstained=[True] * rows,
    )
