"""Which of several cases fits a row, and what does it say? The first that fits, for all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ml.facet import Alone, Context
from ml.terms import Line, Term

# When it fits; the value, how sure that is, and why.
Case = tuple[Term, str | None, float, str]
SCHEMA: dict[str, pl.DataType] = {
    "value": pl.String(),
    "confidence": pl.Float64(),
    "words": pl.String(),
}


class Cases:
    """Cases in the order in which they are tried, put together once for all frames.

    A step of a rulebook (`ml.rulebook.Step`) that adds the columns of `SCHEMA`.

    Examples
    --------
    >>> from ml.terms import field
    >>> many, few = field("n") > 4, field("n") > 0
    >>> cases = Cases([(many, "many", 0.9, "Over 4."), (few, "few", 0.8, "Some.")])
    >>> cases.first_fitting(pl.DataFrame({"n": [1, 5, None]}))["value"].to_list()
    ['few', 'many', None]
    >>> cases.fitting({"n": 5})["words"]
    'Over 4.'
    """

    def __init__(self, cases: Sequence[Case]) -> None:
        """Take the cases in their order."""
        number = pl.lit(len(cases), pl.UInt32)
        for place in range(len(cases) - 1, -1, -1):
            number = pl.when(cases[place][0].expr).then(pl.lit(place, pl.UInt32)).otherwise(number)
        self._number = number.alias("case")
        self._fits = [case[0].of for case in cases]
        said = [*(case[1:] for case in cases), (None, 0.0, "")]
        self._said = pl.DataFrame(said, orient="row", schema=SCHEMA)
        self._rows = [dict(zip(SCHEMA, row, strict=True)) for row in said]

    def first_fitting(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return `value`, `confidence` and `words` of the first case that fits, row by row.

        Where none does: null, 0 and no words.
        """
        return self._said[frame.select(self._number)["case"]]

    def fitting(self, line: Line) -> Mapping[str, Any]:
        """Return the same of one row."""
        for place, fits in enumerate(self._fits):
            if fits(line):
                return self._rows[place]
        return self._rows[-1]

    def on_frame(self, lines: pl.DataFrame, context: Context) -> pl.DataFrame:
        """Add what the fitting cases say."""
        del context
        return lines.hstack(self.first_fitting(lines))

    def on_row(self, line: dict[str, Any], alone: Alone) -> None:
        """Add what the fitting case says."""
        del alone
        line.update(self.fitting(line))
