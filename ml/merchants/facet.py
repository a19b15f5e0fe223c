"""Who is behind a line? The facet `merchant`: a descriptor's clean name, or what a person said."""

from datetime import date
from typing import Any

import polars as pl

from core.errors import InvalidInputError
from ml.facet import Alone, Context, Facet, Training
from ml.lineage import require_permitted
from ml.merchants import dictionary
from ml.merchants.cleaning import LEAST_LETTERS, NAME, VERSION, identified
from ml.merchants.rules import GENERIC
from ml.rulebook import Columns, Rulebook
from ml.terms import always, field, text, when
from ml.texts import Texts, alike, looked_up
from ml.transactions import IS_LINE

# Share of right merges in the inspected sample (docs/enrichment.md), stated for every answer.
CONFIDENCE = 0.95


class _Given:
    """The name that the reviewed dictionary gives, and whose word that is."""

    def on_frame(self, lines: pl.DataFrame, context: Context) -> pl.DataFrame:
        model: dictionary.Dictionary | None = context.model
        if model is None:
            unsaid = always(None).expr
            return lines.with_columns(unsaid.alias("given"), unsaid.alias("version"))
        given = looked_up(lines["key"], model.names).alias("given")
        return lines.hstack([given]).with_columns(pl.lit(model.version).alias("version"))

    def on_row(self, line: dict[str, Any], alone: Alone) -> None:
        model: dictionary.Dictionary | None = alone.model
        line["given"] = None if model is None else model.names.get(line["key"])
        line["version"] = None if model is None else model.version


_IS_GIVEN = IS_LINE & field("given").is_not_null()
_IS_NAMED = (field("letters") >= LEAST_LETTERS) & ~field("key").is_in(GENERIC)
_READ = when(field("letters") > 0, field("name"), field("raw").stripped())
_RULES = Rulebook(
    facet=NAME,
    version=VERSION,
    columns=("merchant", "provider"),
    merchants=("name", "key", "letters", "told"),
    steps=(
        Columns({"raw": field("merchant").fill_null("")}),
        _Given(),
        Columns({"read": _READ, "is_given": _IS_GIVEN}),
    ),
    # Lines of a bank or card; what a processor lists has a customer instead.
    value=when(
        field("is_given"), field("given"), when(IS_LINE & (field("read") != ""), field("read"))
    ),
    confidence=when(_IS_NAMED, CONFIDENCE, 0.0),
    evidence=text(
        "Read from '", field("raw"), "'", field("told"),
        when(field("is_given"), "; a reviewed name.", "."),
    ),
    abstained=~_IS_NAMED,
    model_version=when(field("is_given"), field("version"), VERSION),
)  # fmt: skip


def merchant(frame: pl.DataFrame) -> pl.DataFrame:
    """Name the business behind each row, by the rules alone.

    Parameters
    ----------
    frame
        Rows with `provider` and `merchant` (the raw descriptor).

    Returns
    -------
    polars.DataFrame
        As in `ml.results`; `value` is the clean name. Abstains where the text holds no name.
    """
    require_permitted(frame)
    if "merchant" not in frame.columns:
        raise InvalidInputError("The rows lack the column `merchant`.")
    texts = Texts(alike(frame["merchant"]))
    return _RULES.answer(frame, Context(date.min, texts, identified(texts)))


FACET = Facet(
    name=NAME,
    says="The business behind the descriptor, as one would write it; processor, marketplace,"
    " website, logo key and place stand in the evidence",
    card=(
        "Rules as rows, 8,700 merchants of public lists, and the names that users gave and somebody"
        " reviewed; nothing is inferred. 95 of 100 merges of spellings were right in a sample that"
        " was inspected by hand; there are no labels. A city that no row names stays in the name."
    ),
    answer=_RULES.answer,
    alone=_RULES.alone,
    version=VERSION,
    training=Training(
        "shared", "", dictionary.train, dictionary.from_artifact, made_of=("merchants",)
    ),
)
