"""Was it for the business? The facet `business_purpose`, by category: business, personal, mixed.

Rows of `rows/purposes.csv` say what a small company's payment of a category usually is, and how
usually; there are no labels to measure that on, so the percentages are judgements, stated as such.
The answer is no surer than the category under it. Below 0.5 it abstains.
"""

import csv
from functools import cache
from importlib.resources import files

import polars as pl

from ml.facet import Facet
from ml.rulebook import Columns, Reading, Rulebook
from ml.terms import field, when
from ml.transactions import IS_LINE

NAME = "business_purpose"
VERSION = "purpose-rows-1"
_LEAST_CONFIDENCE = 0.5


_READ: dict[str, pl.DataType] = {
    "use": pl.String(),
    "usually": pl.Float64(),
    "words": pl.String(),
}


@cache
def purposes() -> dict[str, tuple[str, float, str]]:
    """Return by category the use, how usual it is (a probability), and words."""
    text = files("ml.business_purpose").joinpath("rows", "purposes.csv").read_text("utf-8")
    return {
        row["category"]: (
            row["use"], int(row["percent"]) / 100,
            f"{row['category']}: usually for {row['purpose']}.",
        )
        for row in csv.DictReader(text.splitlines())
    }  # fmt: skip


def _purpose(category: str) -> tuple[str | None, float | None, str | None]:
    return purposes().get(category, (None, None, None))


_RULES = Rulebook(
    facet=NAME,
    version=VERSION,
    columns=("provider", "amount_minor"),
    found={
        "category": ("category", "value"),
        "category_sure": ("category", "confidence"),
        "abstained": ("category", "abstained"),
    },
    steps=(
        Reading(field("category"), _purpose, _READ),
        Columns({"sure": (field("usually") * field("category_sure")).fill_null(0.0)}),
    ),
    # Of money that left a bank account or card.
    value=when(IS_LINE & (field("amount_minor") < 0), field("use")),
    confidence=field("sure"),
    evidence=field("words").fill_null(""),
    abstained=field("abstained") | (field("sure") < _LEAST_CONFIDENCE),
)


FACET = Facet(
    name=NAME,
    says="`business`, `personal` or `mixed`; what for stands in the evidence",
    answer=_RULES.answer,
    alone=_RULES.alone,
    version=VERSION,
    after=("category",),
    values=lambda: frozenset({"business", "personal", "mixed"}),
    card=(
        "Rows by category; nothing is learned and no labelled data is free to measure it on: the"
        " percentages are judgements. It does not know the owner's trade; correct it per merchant."
    ),
)
