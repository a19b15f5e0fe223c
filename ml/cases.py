"""Which of several cases fits a row, and what does it say? The first that fits, for all rows."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

# When it fits; the value, how sure that is, and why.
Case = tuple[pl.Expr, str | None, float, str]


class Cases:
    """Cases in the order in which they are tried, put together once for all frames.

    Examples
    --------
    >>> many, few = pl.col("n") > 4, pl.col("n") > 0
    >>> cases = Cases([(many, "many", 0.9, "Over 4."), (few, "few", 0.8, "Some.")])
    >>> cases.first_fitting(pl.DataFrame({"n": [1, 5, None]}))["value"].to_list()
    ['few', 'many', None]
    """

    def __init__(self, cases: Sequence[Case]) -> None:
        """Take the cases in their order."""
        number = pl.lit(len(cases), pl.UInt32)
        for place in range(len(cases) - 1, -1, -1):
            number = pl.when(cases[place][0]).then(pl.lit(place, pl.UInt32)).otherwise(number)
        self._number = number.alias("case")
        said = [*(case[1:] for case in cases), (None, 0.0, "")]
        self._said = pl.DataFrame(
            said, orient="row",
            schema={"value": pl.String, "confidence": pl.Float64, "words": pl.String},
        )  # fmt: skip

    def first_fitting(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return `value`, `confidence` and `words` of the first case that fits, row by row.

        Where none does: null, 0 and no words.
        """
        return self._said[frame.select(self._number)["case"]]
