"""What is read in texts? Each distinct one once, whatever the number of rows.

A thousand rows of one shop bear one text but for their numbers. So a reader is an ordinary function
of one text, and what it reads is put beside every row that bears the text: the same for one row as
for a million.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

Reader = Callable[[str], tuple[Any, ...]]


class Texts:
    """Texts of rows, of which each distinct one is read once.

    Examples
    --------
    >>> texts = Texts(pl.Series(["a b", None, "a b"]))
    >>> texts.read(lambda text: (len(text),), {"n": pl.Int64()})["n"].to_list()
    [3, None, 3]
    """

    def __init__(self, texts: pl.Series) -> None:
        """Take the text of each row; one without any is null."""
        self._distinct = texts.unique(maintain_order=True)
        self._places: pl.Series | None = None
        if len(self._distinct) < len(texts):
            known = self._distinct.to_frame("text").with_row_index("place")
            rows = texts.to_frame("text")
            found = rows.join(known, on="text", how="left", maintain_order="left", nulls_equal=True)
            self._places = found["place"]

    def read(
        self, reader: Reader, schema: Mapping[str, pl.DataType], *, holding: str = ""
    ) -> pl.DataFrame:
        """Return what is read in each text, row by row; nulls where there is no text.

        Parameters
        ----------
        reader
            From a text to the columns of the schema.
        schema
            What is read.
        holding
            A regular expression without which there is nothing to read: cheaper than the reader
            where most texts do not hold it.
        """
        texts = self._distinct.to_list()
        asked = self._distinct.str.contains(holding).to_list() if holding else [True] * len(texts)
        nothing = (None,) * len(schema)
        said = [
            reader(text) if is_asked and text is not None else nothing
            for text, is_asked in zip(texts, asked, strict=True)
        ]
        columns = zip(*said, strict=True) if said else [()] * len(schema)
        table = pl.DataFrame(
            [
                pl.Series(name, values, dtype)
                for (name, dtype), values in zip(schema.items(), columns, strict=True)
            ]
        )
        return table if self._places is None else table[self._places]


def looked_up(texts: pl.Series, words: Mapping[str, str]) -> pl.Series:
    """Return what a table says of each text; null where it says nothing.

    Examples
    --------
    >>> looked_up(pl.Series(["card", "coin", None]), {"card": "plastic"}).to_list()
    ['plastic', None, None]
    """
    if texts.null_count() == len(texts):
        return texts.cast(pl.String)
    return Texts(texts).read(lambda text: (words.get(text),), {"said": pl.String()})["said"]


def either(patterns: Iterable[str]) -> str:
    """Return the pattern that fits where one of several does.

    Examples
    --------
    >>> either(["a|b", "^c"])
    '(?:a|b)|(?:^c)'
    """
    return "|".join(f"(?:{pattern})" for pattern in patterns)


# What differs from payment to payment and names nobody: long numbers. Zeros stand in their place,
# as many as tell a reference from an outlet's number.
_LONG = (r"\d{5,}", "000000")
_FOUR = (r"([ \t\x{a0}#*-])\d{4}\b", "${1}0000")
_LONG_ALONE = re.compile(_LONG[0])
_FOUR_ALONE = re.compile(_FOUR[0].replace(r"\x{a0}", r"\xa0"))


def alike(texts: pl.Series) -> pl.Series:
    """Return texts that are equal where they differ in long numbers alone; none is null.

    Four digits that are part of a word stay: they may be the name ("1800flowers").

    Examples
    --------
    >>> alike(pl.Series(["SHELL 58712", "SHELL 41999", "1800FLOWERS.COM", None])).to_list()
    ['SHELL 000000', 'SHELL 000000', '1800FLOWERS.COM', '']
    """
    masked = pl.col("text").fill_null("").str.replace_all(*_LONG).str.replace_all(*_FOUR)
    return texts.cast(pl.String).to_frame("text").select(masked)["text"]


def alike_text(text: str | None) -> str:
    """Return of one text what `alike` returns of a column.

    Examples
    --------
    >>> alike_text("SHELL 58712"), alike_text(None)
    ('SHELL 000000', '')
    """
    return _FOUR_ALONE.sub(r"\g<1>0000", _LONG_ALONE.sub(_LONG[1], text or ""))
