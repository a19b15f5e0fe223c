"""Where does a payment belong on the tax form? The facet `tax_category`, by category and currency.

The scheme follows the account's currency, since no workspace says yet where it is taxed: US dollars
Schedule C, pounds SA103F, euros SKR03 (with SKR04's account in the evidence). The answer is as
sure as the category that it rests on; it abstains where that one does, and says nothing of
categories that may be private (`ml.business_purpose`) and of other currencies.
"""

import csv
from functools import cache
from importlib.resources import files

import polars as pl

from ml.facet import Facet
from ml.rulebook import Reading, Rulebook
from ml.terms import field, text

NAME = "tax_category"
VERSION = "tax-rows-1"
# Currency, scheme, the columns that hold line, title and percent.
SCHEMES = (
    ("USD", "us_schedule_c", "us_line", "us_title", "us_percent"),
    ("GBP", "uk_self_assessment", "uk_box", "uk_title", "uk_percent"),
    ("EUR", "datev_skr03", "skr03", "de_title", "de_percent"),
)


@cache
def lines() -> pl.DataFrame:
    """Return a row per category and currency: `tax_line`, `words`, the share in percent.

    Examples
    --------
    >>> lines().filter(category="travel.flights", currency="USD")["tax_line"].to_list()
    ['us_schedule_c:24a']
    """
    text = files("ml.tax_category").joinpath("rows", "lines.csv").read_text("utf-8")
    found = []
    for row in csv.DictReader(text.splitlines()):
        for currency, scheme, line, title, percent in SCHEMES:
            also = f" (SKR04 {row['skr04']})" if currency == "EUR" else ""
            found.append(
                {
                    "category": row["category"], "currency": currency,
                    "tax_line": f"{scheme}:{row[line]}",
                    "words": f"{row['category']}: {row[title]}{also};"
                    f" {row[percent]} % deductible at most.",
                    "percent": int(row[percent]),
                }
            )  # fmt: skip
    return pl.DataFrame(found)


@cache
def _by_text() -> dict[str, tuple[str, str]]:
    asked = lines().select("category", "currency", "tax_line", "words")
    return {
        f"{currency} {category}": (line, words)
        for category, currency, line, words in asked.iter_rows()
    }


def _line(text: str) -> tuple[str | None, str | None]:
    """Return line and words of `USD travel.flights`."""
    return _by_text().get(text, (None, None))


_RULES = Rulebook(
    facet=NAME,
    version=VERSION,
    columns=("currency",),
    found={
        "category": ("category", "value"),
        "sure": ("category", "confidence"),
        "abstained": ("category", "abstained"),
    },
    steps=(
        Reading(
            text(field("currency"), " ", field("category")), _line,
            {"tax_line": pl.String(), "words": pl.String()},
        ),
    ),
    value=field("tax_line"),
    confidence=field("sure"),
    evidence=field("words").fill_null(""),
    abstained=field("abstained"),
)  # fmt: skip


FACET = Facet(
    name=NAME,
    says="Scheme and line: `us_schedule_c:24a`, `uk_self_assessment:20`, `datev_skr03:4670`",
    answer=_RULES.answer,
    alone=_RULES.alone,
    version=VERSION,
    after=("category",),
    values=lambda: frozenset(lines()["tax_line"].to_list()),
    card=(
        "Rows by category for US Schedule C, UK SA103F, DATEV SKR03 and SKR04, with the share that"
        " the form allows at most; nothing is learned. As right as the category is. The scheme"
        " follows the account's currency. No tax advice."
    ),
)
