"""Who works for the workspace? The facet `worker_classification`: employee, contractor, vendor.

Of money out to somebody who works or sells; nothing of taxes, banks, loans, own transfers and money
given back. The law asks how somebody works, which no bank line tells: this is what the lines
suggest, and it abstains where they do not. The user's word goes first.
"""

from __future__ import annotations

import re
from functools import cache

import polars as pl

from ml.accounts import is_shown_again
from ml.cases import Cases
from ml.facet import Context, Facet
from ml.results import results
from ml.texts import Texts, alike
from ml.transactions import IS_BANK_LINE
from ml.worker_classification.rules import signs
from ml.worker_classification.totals import told_totals

NAME = "worker_classification"
VERSION = "worker-rules-2"
VALUES = ("employee", "contractor", "vendor")
_LEAST_CONFIDENCE = 0.7
_NOBODY = ["transfers", "loans", "bank_fees", "income"]
_PEOPLE = "transfers.people"
_SIGNS = ("payroll", "repayment", "services", "invoice", "network", "platform", "exempt", "formed",
          "attorney")  # fmt: skip
_IS_CARD = (pl.col("rail") == "card") | (pl.col("account_type").fill_null("") == "credit")
_GROUP = pl.col("category").str.split(".").list.first()
# What only a sure answer says.
_SURE = [
    pl.when(~pl.col("no_category")).then("category").fill_null("").alias("category"),
    pl.when(~pl.col("no_rail")).then("rail").fill_null("").alias("rail"),
    pl.col("who").fill_null(""),
]
_LOOKED_AT = [
    *map(pl.col, ("connection_id", "id", "currency", "booked_on", "category", "who",
                  "is_who_unsure", "rail", *_SIGNS)),
    pl.col("counterparty").alias("named"),
    pl.coalesce("counterparty", "name").alias("payee"),
    (-pl.col("amount_minor")).alias("paid"),
    _IS_CARD.alias("is_card"),
    (_IS_CARD | pl.col("network")).alias("is_network"),
    ((pl.col("status").fill_null("succeeded") == "succeeded") & ~pl.col("is_shown_again"))
    .alias("is_settled"),
    (pl.col("exempt") & ~pl.col("attorney")).alias("is_exempt"),
    (
        IS_BANK_LINE & (pl.col("amount_minor") < 0) & pl.col("has_text")
        & (pl.col("transfer").is_null() | pl.col("no_transfer")) & ~pl.col("repayment")
        & (~_GROUP.is_in(_NOBODY) | (pl.col("category") == _PEOPLE))
        & (pl.col("category") != "government.taxes")
        & ~pl.col("who").is_in(["bank", "government"])
        & ~pl.col("rail").is_in(["fee", "cash", "internal"])
    ).alias("is_asked"),
]  # fmt: skip
_HELD: dict[str, pl.DataType] = dict.fromkeys((*_SIGNS, "has_text"), pl.Boolean())


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet, of settled or pending money out that pays work or goods."""
    lines = _read(frame, context)
    lines = lines.hstack(_CASES.first_fitting(lines)).with_columns(
        pl.when("is_asked").then("value").alias("value"),
        pl.when("is_asked").then("confidence").otherwise(0.0).alias("confidence"),
    )
    said = lines.hstack([told_totals(lines).alias("totals")]).select(
        pl.concat_str("words", "totals", separator=" ").str.strip_chars().alias("evidence"),
        (pl.col("confidence") < _LEAST_CONFIDENCE).alias("abstained"),
    )
    return results(
        NAME, value=lines["value"], confidence=lines["confidence"], evidence=said["evidence"],
        model_version=VERSION, abstained=said["abstained"],
    )  # fmt: skip


def _read(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """What the rules look at, row for row."""
    found = context.found
    category, who, rail = found["category"], found["counterparty"], found["channel"]
    transfer = found["transfer"]
    texts = frame.select(
        pl.concat_str("merchant", "counterparty", separator=" ", ignore_nulls=True).alias("text")
    )["text"]
    held = Texts(alike(texts)).read(_held, _HELD)
    told = pl.DataFrame(
        [
            category["value"].alias("category"), category["abstained"].alias("no_category"),
            who["value"].alias("who"), who["abstained"].alias("is_who_unsure"),
            rail["value"].alias("rail"), rail["abstained"].alias("no_rail"),
            found["merchant"]["value"].alias("name"), is_shown_again(frame),
            transfer["value"].alias("transfer"), transfer["abstained"].alias("no_transfer"),
        ]
    )  # fmt: skip
    return frame.hstack(told).hstack(held).with_columns(_SURE).select(_LOOKED_AT)


def _held(text: str) -> tuple[bool, ...]:
    """Which signs a text holds, and whether it says anything."""
    lower = text.lower()
    patterns = _patterns()
    return (*(patterns[sign].search(lower) is not None for sign in _SIGNS), bool(lower.strip()))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {sign: re.compile(pattern) for sign, pattern in signs().items()}


def _cases() -> Cases:
    category, who = pl.col("category"), pl.col("who")
    is_person = (who == "person") & ~pl.col("is_who_unsure")
    is_behind = pl.col("platform") & pl.col("named").is_null()
    is_known = category.ne("") & category.ne(_PEOPLE) & ~category.str.starts_with("people.")
    return Cases((
        (pl.col("payroll"), "employee", 0.9, "Wages, or what a payroll service pays as such."),
        (is_behind, "contractor", 0.5, "Paid through a service; who is behind it is not told."),
        (category == "people.payroll", "employee", 0.85, "Its category is wages."),
        (category == "people.contractors", "contractor", 0.85, "Its category is contractors."),
        (is_person & (pl.col("invoice") | pl.col("services")), "contractor", 0.8,
         "A person, paid for an invoice or for services."),
        (is_person, "contractor", 0.5, "A person, but nothing says for what."),
        (is_known & (category != "services.professional"), "vendor", 0.9,
         "A business that sells what its category says."),
        (pl.col("services") & ~pl.col("is_card"), "contractor", 0.75,
         "Its name says that it works to order."),
        (pl.col("formed") | pl.col("is_card"), "vendor", 0.8, "A business, by its form or a card."),
        (pl.lit(value=True), "vendor", 0.5, "A business, but nothing says which kind."),
    ))  # fmt: skip


_CASES = _cases()


FACET = Facet(
    name=NAME,
    says="`employee`, `contractor` or `vendor`; of contractors paid in US dollars the year's"
    " running total and what a 1099-NEC must report stand in the evidence",
    answer=answer,
    version=VERSION,
    reads="history",
    after=("merchant", "category", "counterparty", "channel", "transfer"),
    values=lambda: frozenset(VALUES),
    card=(
        "Rules as rows on what the line says; nothing is learned, confidences are judgements, and"
        " it was measured on our own generated company alone. Whether somebody is an employee is a"
        " question of law that no bank line answers. The country follows the currency; forms W-9"
        " and W-8 are not known, nor payments from accounts that are not connected."
    ),
)
