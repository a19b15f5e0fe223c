"""What was a payment for? The facet `category`: rules, codes, known merchants, wording, in turn.

The first that knows, answers, with the confidence that it was measured to deserve:

    bank wording → category code → known merchant → provider category → model of names
"""

from functools import cache

import polars as pl

from ml.category import lines, training
from ml.category.taxonomy import codes, of_merchant_code, of_plaid
from ml.category.wording import NAME, WordingModel, from_artifact
from ml.facet import Context, Facet, Training
from ml.merchants import known
from ml.merchants.descriptors import merchant_key
from ml.results import results
from ml.texts import Texts, looked_up
from ml.transactions import PROCESSOR

VERSION = "category-rules-3"
# In the order in which they are asked: what each deserves; its words, around what it went by. Codes
# are the acquirer's own. Of known merchants 0.80 agreed with what bookkeepers wrote, whose labels
# are about the purchase and not the seller, so that is a floor; the others are judgements, since no
# labelled bank lines are free (docs/enrichment/category.md). A guess deserves what its model says.
SOURCES: tuple[tuple[str, float, str, str, str], ...] = (
    ("type", 0.99, "What the processor's row is.", "", ""),
    ("wording", 0.95, "The bank's own wording means this.", "", ""),
    ("code", 0.97, "Merchant category code ", "merchant_category_code", "."),
    ("known", 0.85, "", "known_name", " is a known merchant."),
    ("provider", 0.9, "The provider says ", "provider_category", "."),
    ("guess", 0.0, "The name '", "name", "' sounds like it."),
)
_NAMES = [source[0] for source in SOURCES]
_KNOWN: dict[str, pl.DataType] = dict.fromkeys(("key", "known", "known_name"), pl.String())
_GUESS: dict[str, pl.DataType] = {"guess": pl.String(), "guess_confidence": pl.Float64()}


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet."""
    model: WordingModel | None = context.model
    found = _sources(frame, context)
    found = found.hstack(_guessed(found, model))
    source = found.select(_source().alias("source"))["source"]
    guessed = pl.col("guess_confidence").fill_null(0.0)
    is_guess = pl.col("source") == len(SOURCES) - 1
    threshold = model.calibration.threshold if model is not None else float("inf")
    said = found.hstack([source]).hstack(_of_source()[source]).select(
        pl.coalesce(_NAMES).alias("value"),
        pl.when(is_guess).then(guessed).otherwise("deserves").alias("confidence"),
        _words().alias("evidence"),
        pl.when(is_guess & pl.col("guess").is_not_null())
        .then(pl.lit(model.version if model is not None else ""))
        .otherwise(pl.lit(VERSION))
        .alias("model_version"),
        (is_guess & (guessed < threshold)).alias("abstained"),
    )  # fmt: skip
    answers = results(
        NAME, value=said["value"], confidence=said["confidence"], evidence=said["evidence"],
        model_version=VERSION, abstained=said["abstained"],
    )  # fmt: skip
    return answers.with_columns(said["model_version"])


def _sources(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Return, row by row, what each source says, and the merchant's key."""
    names = context.found["merchant"]["value"].alias("name")
    said = pl.DataFrame(
        [
            looked_up(frame["type"], lines.OF_TYPE).alias("type"),
            lines.by_wording(context.texts, frame["amount_minor"]).alias("wording"),
            looked_up(frame["merchant_category_code"], of_merchant_code()).alias("code"),
            looked_up(frame["provider_category"], of_plaid()).alias("provider"),
            frame["provider"].alias("from"), names,
            frame["merchant_category_code"], frame["provider_category"],
        ]
    )  # fmt: skip
    is_line = pl.col("from") != PROCESSOR
    return said.hstack(Texts(names).read(_known, _KNOWN)).with_columns(
        pl.when(~is_line).then("type").alias("type"),
        *(pl.when(is_line).then(name).alias(name) for name in ("wording", "code", "provider")),
    )


def _known(name: str) -> tuple[str, str | None, str | None]:
    key = merchant_key(name)
    one = known.find(key)
    return (key, one.category, one.name) if one is not None else (key, None, None)


def _guessed(found: pl.DataFrame, model: WordingModel | None) -> pl.DataFrame:
    """Ask the model about the rows that nothing else knows, each name once."""
    is_open = pl.coalesce(_NAMES[:-1]).is_null()
    asked = found.select(pl.when(is_open).then("key").alias("key"))["key"]
    keys = asked.drop_nulls().unique(maintain_order=True).to_list()
    guesses: dict[str, tuple[str | None, float]] = dict.fromkeys(keys, (None, 0.0))
    if model is not None and keys:
        best, confidence, _ = model.guess(keys)
        for key, number, sure in zip(keys, best.tolist(), confidence.tolist(), strict=True):
            guesses[key] = model.names[number], sure
    return Texts(asked).read(guesses.__getitem__, _GUESS)


@cache
def _source() -> pl.Expr:
    """Return the number of the first source that says something; the last, where none does."""
    first = pl.lit(len(SOURCES) - 1, pl.UInt32)
    for place in range(len(SOURCES) - 2, -1, -1):
        is_it = pl.col(_NAMES[place]).is_not_null()
        first = pl.when(is_it).then(pl.lit(place, pl.UInt32)).otherwise(first)
    return first


@cache
def _of_source() -> pl.DataFrame:
    """Return a row per source: what it deserves, words before and after."""
    return pl.DataFrame(
        [(deserves, before, after) for _, deserves, before, _, after in SOURCES],
        schema={"deserves": pl.Float64, "before": pl.String, "after": pl.String}, orient="row",
    )  # fmt: skip


@cache
def _words() -> pl.Expr:
    by = pl.lit("")
    for place, (_, _, _, column, _) in enumerate(SOURCES):
        if column:
            by = pl.when(pl.col("source") == place).then(column).otherwise(by)
    return pl.concat_str("before", by, "after").fill_null("")


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
        " lists by name; for other names a model of character n-grams, whose confidence is"
        " calibrated on real names alone. Real: the names and their categories. Synthetic: what"
        " banks do to a name, and small businesses made of a surname and a telling word. A brand"
        " that no list knows and whose name tells nothing is abstained from."
    ),
)
