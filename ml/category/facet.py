"""What was a payment for? The facet `category`: rules, codes, known merchants, wording, in turn.

The first that knows, answers, with the confidence that it was measured to deserve:

    bank wording → category code → known merchant → provider category → model of names
"""

import numpy as np
import polars as pl

from ml.category import lines, training
from ml.category.taxonomy import codes, of_merchant_code, of_plaid
from ml.category.wording import NAME, WordingModel, from_artifact
from ml.facet import Context, Facet, Training
from ml.merchants import known
from ml.merchants.descriptors import merchant_key
from ml.results import results
from ml.transactions import IS_BANK_LINE

VERSION = "category-rules-2"
# What each source deserves. Codes are the acquirer's own. Of known merchants 0.80 agreed with what
# bookkeepers wrote, whose labels are about the purchase and not the seller, so that is a floor; the
# others are judgements, since no labelled bank lines are free (docs/enrichment/category.md).
CONFIDENCE = {"type": 0.99, "wording": 0.95, "code": 0.97, "known": 0.85, "provider": 0.9}


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet."""
    found = _sources(frame, context)
    model: WordingModel | None = context.model
    guessed = _guessed(found, model)
    table = found.hstack(guessed)
    value = pl.coalesce("type", "wording", "code", "known", "provider", "guess")
    source = (
        pl.when(pl.col("type").is_not_null()).then(pl.lit("type"))
        .when(pl.col("wording").is_not_null()).then(pl.lit("wording"))
        .when(pl.col("code").is_not_null()).then(pl.lit("code"))
        .when(pl.col("known").is_not_null()).then(pl.lit("known"))
        .when(pl.col("provider").is_not_null()).then(pl.lit("provider"))
        .otherwise(pl.lit("guess"))
    )  # fmt: skip
    told = table.with_columns(value.alias("value"), source.alias("source")).with_columns(
        pl.when(pl.col("source") == "guess")
        .then("guess_confidence")
        .otherwise(pl.col("source").replace_strict(CONFIDENCE, default=0.0))
        .alias("confidence")
    )
    threshold = model.calibration.threshold if model is not None else float("inf")
    is_guess = pl.col("source") == "guess"
    told = told.with_columns(
        (is_guess & (pl.col("confidence") < threshold)).alias("abstained"),
        pl.when(is_guess & (pl.col("value").is_not_null()))
        .then(pl.lit(model.version if model is not None else ""))
        .otherwise(pl.lit(VERSION))
        .alias("version"),
        _words().alias("evidence"),
    )
    answers = results(
        NAME, value=told["value"], confidence=told["confidence"].fill_null(0.0),
        evidence=told["evidence"], model_version=VERSION, abstained=told["abstained"],
    )  # fmt: skip
    return answers.with_columns(told["version"].alias("model_version"))


def _sources(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Return, row by row, what each source says, and the merchant's key."""
    merchants = context.found["merchant"]
    is_line = IS_BANK_LINE
    text = frame.with_columns(pl.col("merchant").fill_null(""), merchants["value"].alias("name"))
    named = text.select(
        pl.when(~is_line)
        .then(pl.col("type").replace_strict(lines.OF_TYPE, default=None, return_dtype=pl.String))
        .alias("type"),
        pl.when(is_line).then(lines.by_wording("merchant")).alias("wording"),
        pl.when(is_line)
        .then(pl.col("merchant_category_code").replace_strict(of_merchant_code(), default=None,
                                                              return_dtype=pl.String))
        .alias("code"),
        pl.when(is_line)
        .then(pl.col("provider_category").replace_strict(of_plaid(), default=None,
                                                         return_dtype=pl.String))
        .alias("provider"),
        "name", "merchant", "merchant_category_code", "provider_category",
    )  # fmt: skip
    distinct = named["name"].drop_nulls().unique(maintain_order=True)
    keys = [merchant_key(name) for name in distinct]
    found = [known.find(key) for key in keys]
    table = pl.DataFrame(
        {
            "name": distinct,
            "key": pl.Series(keys, dtype=pl.String),
            "known": pl.Series([one and one.category for one in found], dtype=pl.String),
            "known_name": pl.Series([one and one.name for one in found], dtype=pl.String),
        }
    )
    return named.join(table, on="name", how="left", maintain_order="left")


def _guessed(found: pl.DataFrame, model: WordingModel | None) -> pl.DataFrame:
    """Ask the model about the rows that nothing else knows, each name once."""
    empty = pl.DataFrame(
        {"guess": [None] * found.height, "guess_confidence": [0.0] * found.height},
        schema={"guess": pl.String(), "guess_confidence": pl.Float64()},
    )
    open_rows = found.select(
        (
            pl.coalesce("type", "wording", "code", "known", "provider").is_null()
            & pl.col("key").is_not_null()
        ).alias("is_open")
    )["is_open"]
    if model is None or not open_rows.any():
        return empty
    keys = found.filter(open_rows)["key"].unique(maintain_order=True)
    best, confidence, _ = model.guess(keys.to_list())
    names = np.array(model.names, dtype=object)
    table = pl.DataFrame(
        {"key": keys, "guess": pl.Series(list(names[best]), dtype=pl.String),
         "guess_confidence": confidence}
    )  # fmt: skip
    asked = found.select(pl.when(open_rows).then("key").alias("key"))
    return (
        asked.join(table, on="key", how="left", maintain_order="left")
        .select("guess", pl.col("guess_confidence").fill_null(0.0))
    )  # fmt: skip


def _words() -> pl.Expr:
    said = {
        "type": pl.lit("What the processor's row is."),
        "wording": pl.lit("The bank's own wording means this."),
        "code": pl.format("Merchant category code {}.", "merchant_category_code"),
        "known": pl.format("{} is a known merchant.", "known_name"),
        "provider": pl.format("The provider says {}.", "provider_category"),
        "guess": pl.format("The name '{}' sounds like it.", "name"),
    }
    words = pl.lit("")
    for source, text in said.items():
        words = pl.when(pl.col("source") == source).then(text).otherwise(words)
    return words.fill_null("")


FACET = Facet(
    name=NAME,
    says="What it was for, in two levels: `food_and_drink.coffee`",
    answer=answer,
    version=VERSION,
    after=("merchant",),
    training=Training("shared", "", training.train, from_artifact, refresh_days=28),
    values=codes,
    card=(
        "Rules for banks' wordings, ISO 18245 codes, Plaid's categories, 8,700 merchants of public"
        " lists by name; for other names a model of character n-grams. Real: the names and their"
        " categories. Synthetic: what banks do to a name, and small businesses made of a surname"
        " and a telling word. A brand that no list knows and whose name tells nothing is abstained"
        " from."
    ),
)
