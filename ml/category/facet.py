"""What was a payment for? The facet `category`: rules, codes, known merchants, wording, in turn.

The first that knows, answers, with the confidence that it was measured to deserve:

    bank wording → category code → known merchant → provider category → model of names
"""

from typing import Any

import polars as pl

from ml.cases import Cases
from ml.category import lines, training
from ml.category.taxonomy import codes, of_merchant_code, of_plaid
from ml.category.wording import NAME, WordingModel, from_artifact
from ml.facet import Alone, Context, Facet, Training
from ml.merchants import known
from ml.merchants.descriptors import merchant_key
from ml.rulebook import Columns, Reading, Rulebook, lookup
from ml.terms import Term, field, first_of, text, when
from ml.texts import Texts
from ml.transactions import IS_LINE

VERSION = "category-rules-3"
# In the order in which they are asked: what each deserves; its words, around what it went by. Codes
# are the acquirer's own. Of known merchants 0.80 agreed with what bookkeepers wrote, whose labels
# are about the purchase and not the seller, so that is a floor; the others are judgements, since no
# labelled bank lines are free (docs/enrichment/category.md). A guess deserves what its model says.
SOURCES: tuple[tuple[str, float, str, str, str], ...] = (
    ("of_type", 0.99, "What the processor's row is.", "", ""),
    ("wording", 0.95, "The bank's own wording means this.", "", ""),
    ("code", 0.97, "Merchant category code ", "merchant_category_code", "."),
    ("known", 0.85, "", "known_name", " is a known merchant."),
    ("listed", 0.9, "The provider says ", "provider_category", "."),
)
_KNOWN: dict[str, pl.DataType] = dict.fromkeys(("key", "known", "known_name"), pl.String())
_GUESS: dict[str, pl.DataType] = {"guess": pl.String(), "sure": pl.Float64()}


def _known(name: str) -> tuple[str, str | None, str | None]:
    key = merchant_key(name)
    one = known.find(key)
    return (key, one.category, one.name) if one is not None else (key, None, None)


class _Guess:
    """What the model of names says of those that nothing else knows, each name once."""

    def on_frame(self, lines: pl.DataFrame, context: Context) -> pl.DataFrame:
        model: WordingModel | None = context.model
        asked = lines.select(pl.when(pl.col("certain").is_null()).then("key").alias("key"))["key"]
        keys = asked.drop_nulls().unique(maintain_order=True).to_list()
        guesses: dict[str, tuple[str | None, float]] = dict.fromkeys(keys, (None, 0.0))
        if model is not None and keys:
            best, confidence, _ = model.guess(keys)
            for key, number, sure in zip(keys, best.tolist(), confidence.tolist(), strict=True):
                guesses[key] = model.names[number], sure
        threshold, version = _bound(model)
        return lines.hstack(Texts(asked).read(guesses.__getitem__, _GUESS)).with_columns(
            pl.lit(threshold).alias("threshold"), pl.lit(version).alias("version")
        )

    def on_row(self, line: dict[str, Any], alone: Alone) -> None:
        model: WordingModel | None = alone.model
        line["threshold"], line["version"] = _bound(model)
        line["guess"] = line["sure"] = None
        if line["certain"] is None and line["key"] is not None:
            line["guess"], line["sure"] = (
                (None, 0.0) if model is None else model.guess_one(line["key"])
            )


def _bound(model: WordingModel | None) -> tuple[float, str]:
    return (
        (float("inf"), VERSION) if model is None else (model.calibration.threshold, model.version)
    )


def _went_by() -> Term:
    """Return what the first source that says something went by; else the name."""
    by: Term = field("name")
    for name, _, _, column, _ in reversed(SOURCES):
        by = when(field(name).is_not_null(), field(column) if column else "", by)
    return by


_IS_GUESS = field("certain").is_null()
_SURE = field("sure").fill_null(0.0)
_RULES = Rulebook(
    facet=NAME,
    version=VERSION,
    columns=("type", "amount_minor", "merchant_category_code", "provider_category", "provider"),
    found={"name": ("merchant", "value")},
    steps=(
        lookup(field("type"), "type_means", lambda: lines.OF_TYPE),
        lines.READING,
        lookup(field("merchant_category_code"), "code_means", of_merchant_code),
        lookup(field("provider_category"), "provider_means", of_plaid),
        Reading(field("name"), _known, _KNOWN),
        Columns(
            {
                "of_type": when(~IS_LINE, field("type_means")),
                "wording": when(IS_LINE, lines.WORDING),
                "code": when(IS_LINE, field("code_means")),
                "listed": when(IS_LINE, field("provider_means")),
            }
        ),
        Columns({"certain": first_of(*(field(name) for name, *_ in SOURCES))}),
        _Guess(),
        Cases(
            [
                *(
                    (field(name).is_not_null(), after, deserves, before)
                    for name, deserves, before, _, after in SOURCES
                ),
                (field("name").is_not_null(), "' sounds like it.", 0.0, "The name '"),
            ]
        ),
    ),
    value=first_of(field("certain"), field("guess")),
    confidence=when(_IS_GUESS, _SURE, field("confidence")),
    evidence=text(field("words"), _went_by(), field("value")).fill_null(""),
    abstained=_IS_GUESS & (field("threshold") > _SURE),
    model_version=when(_IS_GUESS & field("guess").is_not_null(), field("version"), VERSION),
)


FACET = Facet(
    name=NAME,
    says="What it was for, in two levels: `food_and_drink.coffee`",
    answer=_RULES.answer,
    alone=_RULES.alone,
    version=VERSION,
    after=("merchant",),
    training=Training(
        "shared",
        "",
        training.train,
        from_artifact,
        refresh_days=28,
        made_of=("category", "merchants", "softmax.py", "ledger_account/calibration.py"),
    ),
    values=codes,
    card=(
        "Rules for banks' wordings, ISO 18245 codes, Plaid's categories, 8,700 merchants of public"
        " lists by name; for other names a model of character n-grams, whose confidence is"
        " calibrated on real names alone. Real: the names and their categories. Synthetic: what"
        " banks do to a name, and small businesses made of a surname and a telling word. A brand"
        " that no list knows and whose name tells nothing is abstained from."
    ),
)
