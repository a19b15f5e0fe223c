"""Was it for the business? The facet `business_purpose`, by category: business, personal, mixed.

Rows of `rows/purposes.csv` say what a small company's payment of a category usually is, and how
usually; there are no labels to measure that on, so the percentages are judgements, stated as such.
The answer is no surer than the category under it. Below 0.5 it abstains.
"""

import csv
from functools import cache
from importlib.resources import files

import polars as pl

from ml.facet import Context, Facet
from ml.results import results
from ml.transactions import IS_BANK_LINE

NAME = "business_purpose"
VERSION = "purpose-rows-1"
_LEAST_CONFIDENCE = 0.5


@cache
def purposes() -> pl.DataFrame:
    """Return a row per category: `use`, `usually` (a probability), `purpose`, its `words`."""
    text = files("ml.business_purpose").joinpath("rows", "purposes.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return pl.DataFrame(rows).with_columns(
        (pl.col("percent").cast(pl.Int64) / 100).alias("usually"),
        pl.format("{}: usually for {}.", "category", "purpose").alias("words"),
    )


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet, of money that left a bank account or card."""
    category = context.found["category"]
    said = [category["value"].alias("category"), category["confidence"], category["abstained"]]
    sure = (pl.col("usually") * pl.col("confidence")).fill_null(0.0)
    found = (
        pl.DataFrame([*said, frame["provider"], frame["amount_minor"]])
        .join(purposes(), on="category", how="left", maintain_order="left")
        .select(
            pl.when(IS_BANK_LINE & (pl.col("amount_minor") < 0)).then("use").alias("value"),
            sure.alias("confidence"), pl.col("words").fill_null(""),
            (pl.col("abstained") | (sure < _LEAST_CONFIDENCE)).alias("abstained"),
        )
    )  # fmt: skip
    return results(
        NAME, value=found["value"], confidence=found["confidence"], evidence=found["words"],
        model_version=VERSION, abstained=found["abstained"],
    )  # fmt: skip


FACET = Facet(
    name=NAME,
    says="`business`, `personal` or `mixed`; what for stands in the evidence",
    answer=answer,
    version=VERSION,
    after=("category",),
    values=lambda: frozenset({"business", "personal", "mixed"}),
    card=(
        "Rows by category; nothing is learned and no labelled data is free to measure it on: the"
        " percentages are judgements. It does not know the owner's trade; correct it per merchant."
    ),
)
