"""Must there be a receipt? The facet `receipt_required`, by rules that are rows and are cited.

Which country's rule holds follows the account's currency. Rows of `rows/rules.csv` are tried in
their order: the first of the currency whose category (or group) and least amount fit, answers.
Payments that are no purchase (wages, taxes, transfers, the bank's own fees) need none, by what they
are. Where the category is not sure and a rule depends on it (lodging), the answer abstains.
"""

import csv
from functools import cache
from importlib.resources import files

import polars as pl

from ml.cases import Case, Cases
from ml.facet import Context, Facet
from ml.results import results
from ml.transactions import IS_BANK_LINE

NAME = "receipt_required"
VERSION = "receipt-rows-1"
_NO_PURCHASE = ["transfers", "loans", "bank_fees", "income"]
_NO_PURCHASES = ["people.payroll", "government.taxes"]
_SURE, _LESS_SURE = 0.99, 0.8


@cache
def rules() -> list[dict[str, str]]:
    """Return the rules in the order in which they are tried."""
    text = files("ml.receipt_required").joinpath("rows", "rules.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet, of purchases in a currency whose country's rule is a row."""
    category = context.found["category"]
    said = [category["value"].fill_null("").alias("category"), category["abstained"]]
    found = pl.DataFrame([*said, frame["provider"], frame["amount_minor"], frame["currency"]])
    told = found.hstack(_cases().first_fitting(found)).select(
        "value", "words", "abstained",
        pl.when(pl.col("abstained") | (pl.col("category") == "")).then(_LESS_SURE)
        .otherwise("confidence").alias("confidence"),
    )  # fmt: skip
    return results(
        NAME, value=told["value"], confidence=told["confidence"], evidence=told["words"],
        model_version=VERSION, abstained=told["abstained"],
    )  # fmt: skip


@cache
def _cases() -> Cases:
    group = pl.col("category").str.split(".").list.first()
    is_none = group.is_in(_NO_PURCHASE) | pl.col("category").is_in(_NO_PURCHASES)
    is_ruled = pl.col("currency").is_in(sorted({rule["currency"] for rule in rules()}))
    cases: list[Case] = [
        (~IS_BANK_LINE | (pl.col("amount_minor") >= 0), None, _SURE, ""),
        (is_none & is_ruled, "no", _SURE, "No purchase: the bank's statement is the record."),
    ]
    for rule in rules():
        fits = (pl.col("currency") == rule["currency"]) & (
            pl.col("amount_minor") <= -int(rule["at_least_minor"])
        )
        if rule["group"]:
            fits = fits & pl.col("category").str.starts_with(rule["group"])
        cases.append((fits, rule["required"], _SURE, rule["citation"]))
    return Cases(cases)


FACET = Facet(
    name=NAME,
    says="`yes` or `no`; the rule stands in the evidence",
    answer=answer,
    version=VERSION,
    after=("category",),
    values=lambda: frozenset({"yes", "no"}),
    card=(
        "Rules as rows, each cited: US 26 CFR 1.274-5, HMRC VAT Notice 700, Directive 2006/112/EC"
        " with Germany's § 33 UStDV. The country follows the account's currency. Confidence is the"
        " category's share in it; a tax adviser's word goes first."
    ),
)
