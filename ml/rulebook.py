"""How does a facet of rules answer, of a frame or a single row? By one rulebook, read two ways.

A rulebook says which columns a facet looks at, what is read in them step by step, and in terms
(`ml.terms`) what it says of it. `answer` goes through a frame, `alone` through one row without
polars; the API's single row is asked that way (`ml.enriching`), and `tests/ml/test_row_by_row.py`
holds the answers equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from ml.facet import Alone, Context
from ml.results import Said, results
from ml.terms import Line, Term
from ml.texts import Reader, Texts, alike, alike_text


class Step(Protocol):
    """Something that adds columns to what a facet looks at."""

    def on_frame(self, lines: pl.DataFrame, context: Context) -> pl.DataFrame:
        """Return the lines with more columns, row order kept."""
        ...

    def on_row(self, line: dict[str, Any], alone: Alone) -> None:
        """Add the same to one row."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read in a text of each row, each distinct text once.

    Attributes
    ----------
    text
        Which text; None for the descriptor as `ml.texts.alike` has it.
    reader
        From a text to the columns of the schema; nulls where there is no text.
    schema
        What is read.
    holding
        A regular expression without which there is nothing to read.
    is_alike
        Whether long numbers in it are made equal first; then there is always a text.
    """

    text: Term | None
    reader: Reader
    schema: Mapping[str, pl.DataType]
    holding: str = ""
    is_alike: bool = False

    def on_frame(self, lines: pl.DataFrame, context: Context) -> pl.DataFrame:
        """Read in every row's text."""
        if self.text is None:
            texts = context.texts
        else:
            asked = lines.select(self.text.expr.alias("text"))["text"]
            if not self.is_alike and asked.null_count() == len(asked):
                nothing = [pl.lit(None, dtype).alias(name) for name, dtype in self.schema.items()]
                return lines.with_columns(nothing)
            texts = Texts(alike(asked) if self.is_alike else asked)
        return lines.hstack(texts.read(self.reader, self.schema, holding=self.holding))

    def on_row(self, line: dict[str, Any], alone: Alone) -> None:
        """Read in this row's text."""
        text = alone.text if self.text is None else self.text.of(line)
        if self.is_alike:
            text = alike_text(text)
        said = (None,) * len(self.schema) if text is None else self.reader(text)
        line.update(zip(self.schema, said, strict=True))


def lookup(text: Term, column: str, words: Callable[[], Mapping[str, str]]) -> Reading:
    """Return the reading of a table: what it says of a text, null where nothing."""
    return Reading(text, lambda asked: (words().get(asked),), {column: pl.String()})


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns that follow from others, side by side."""

    terms: Mapping[str, Term]

    def on_frame(self, lines: pl.DataFrame, context: Context) -> pl.DataFrame:
        """Add them to a frame."""
        del context
        return lines.with_columns(term.expr.alias(name) for name, term in self.terms.items())

    def on_row(self, line: dict[str, Any], alone: Alone) -> None:
        """Add them to one row."""
        del alone
        line.update({name: term.of(line) for name, term in self.terms.items()})


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What a facet looks at, and what it says.

    Attributes
    ----------
    facet, version
        As of `ml.facet.Facet`.
    columns
        Of `ml.transactions` that are looked at.
    value, confidence, evidence, abstained, model_version
        What is said; the version of the rules where no other is named.
    found
        Answers of facets before that are looked at: the name here, the facet, its column.
    merchants
        Columns of `ml.merchants.identified` that are looked at.
    steps
        What is read and put together before anything is said, in this order.
    """

    facet: str
    version: str
    columns: tuple[str, ...]
    value: Term
    confidence: Term
    evidence: Term
    abstained: Term
    model_version: Term | None = None
    found: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    merchants: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()

    def answer(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        """Answer a frame, as a facet does."""
        lines = pl.DataFrame(
            [
                *(frame[name] for name in self.columns),
                *(context.merchants[name] for name in self.merchants),
                *(
                    context.found[facet][column].alias(name)
                    for name, (facet, column) in self.found.items()
                ),
            ]
        )
        for step in self.steps:
            lines = step.on_frame(lines, context)
        terms = {
            "value": self.value, "confidence": self.confidence, "evidence": self.evidence,
            "abstained": self.abstained,
        }  # fmt: skip
        if self.model_version is not None:
            terms["model_version"] = self.model_version
        said = lines.select(term.expr.alias(name) for name, term in terms.items())
        return results(
            self.facet, value=said["value"], confidence=said["confidence"],
            evidence=said["evidence"], abstained=said["abstained"],
            model_version=self.version if self.model_version is None else said["model_version"],
        )  # fmt: skip

    def alone(self, row: Line, alone: Alone) -> Said:
        """Answer one row."""
        line = {name: row[name] for name in self.columns}
        line.update({name: alone.merchant[name] for name in self.merchants})
        for name, (facet, column) in self.found.items():
            line[name] = getattr(alone.found[facet], column)
        for step in self.steps:
            step.on_row(line, alone)
        version = self.version if self.model_version is None else self.model_version.of(line)
        return Said(
            self.value.of(line), self.confidence.of(line), self.evidence.of(line), version,
            self.abstained.of(line),
        )  # fmt: skip
