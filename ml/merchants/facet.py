"""Who is behind a line? The facet `merchant`: a descriptor's clean name, or what a person said."""

import polars as pl

from ml.facet import Context, Facet, Training
from ml.merchants import dictionary
from ml.merchants.cleaning import NAME, VERSION, named
from ml.results import SCHEMA
from ml.texts import looked_up
from ml.transactions import IS_BANK_LINE


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet: lines of a bank or card; what a processor lists has a customer instead."""
    said = named(frame["merchant"], context.merchants).hstack([frame["provider"]])
    value = pl.when(IS_BANK_LINE & (pl.col("value") != "")).then("value").alias("value")
    model: dictionary.Dictionary | None = context.model
    if model is None:
        return said.with_columns(value).select(*SCHEMA)
    given = looked_up(context.merchants["key"], model.names).alias("given")
    is_given = IS_BANK_LINE & pl.col("given").is_not_null()
    words = pl.concat_str(pl.col("evidence").str.strip_chars_end("."), pl.lit("; a reviewed name."))
    return said.with_columns(given, value).select(
        "facet",
        pl.when(is_given).then("given").otherwise("value").alias("value"),
        "confidence",
        pl.when(is_given).then(words).otherwise("evidence").alias("evidence"),
        pl.when(is_given).then(pl.lit(model.version)).otherwise("model_version")
        .alias("model_version"),
        "abstained",
    )  # fmt: skip


FACET = Facet(
    name=NAME,
    says="The business behind the descriptor, as one would write it; processor, marketplace,"
    " website, logo key and place stand in the evidence",
    card=(
        "Rules as rows, 8,700 merchants of public lists, and the names that users gave and somebody"
        " reviewed; nothing is inferred. 95 of 100 merges of spellings were right in a sample that"
        " was inspected by hand; there are no labels. A city that no row names stays in the name."
    ),
    answer=answer,
    version=VERSION,
    training=Training("shared", "", dictionary.train, dictionary.from_artifact),
)
