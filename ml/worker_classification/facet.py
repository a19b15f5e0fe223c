"""Who works for the workspace? The facet `worker_classification`: employee, contractor, vendor.

Of money out to somebody who works or sells; nothing of taxes, banks, loans, own transfers and money
given back. The law asks how somebody works, which no bank line tells: this is what the lines
suggest, and it abstains where they do not. The user's word goes first.
"""

from __future__ import annotations

import polars as pl

from ml.accounts import is_shown_again
from ml.facet import Context, Facet
from ml.results import results
from ml.transactions import IS_BANK_LINE
from ml.worker_classification.rules import signs
from ml.worker_classification.totals import told_totals

NAME = "worker_classification"
VERSION = "worker-rules-1"
VALUES = ("employee", "contractor", "vendor")
_LEAST_CONFIDENCE = 0.7
_NOBODY = ("transfers", "loans", "bank_fees", "income")
_PEOPLE = "transfers.people"
_SIGNS = ("payroll", "repayment", "services", "invoice", "network", "platform", "exempt", "formed",
          "attorney")  # fmt: skip


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet, of settled or pending money out that pays work or goods."""
    lines = _read(frame, context)
    value, confidence, words = _judged()
    said = lines.with_columns(
        value.alias("value"), confidence.alias("confidence"), words.alias("words")
    ).with_columns(
        pl.when("is_asked").then("value").alias("value"),
        pl.when("is_asked").then("confidence").otherwise(0.0).alias("confidence"),
    )
    totals = told_totals(said)
    evidence = said.select(
        pl.concat_str("words", totals.alias("totals"), separator=" ").str.strip_chars()
        .alias("evidence")
    )["evidence"]  # fmt: skip
    return results(
        NAME, value=said["value"], confidence=said["confidence"], evidence=evidence,
        model_version=VERSION, abstained=said["confidence"] < _LEAST_CONFIDENCE,
    )  # fmt: skip


def _read(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """What the rules look at, row for row."""
    found = context.found
    category, channel = found["category"], found["channel"]
    transfer = found["transfer"]
    patterns = signs()
    text = pl.concat_str(
        pl.col("merchant").fill_null(""), pl.lit(" "), pl.col("counterparty").fill_null("")
    ).str.to_lowercase()
    return (
        frame.select(
            "connection_id", "id", "currency", "booked_on", "account_type", "status",
            pl.col("amount_minor").alias("minor"), text.alias("text"),
            IS_BANK_LINE.alias("is_line"), pl.col("counterparty").alias("named"),
            is_shown_again(frame),
        )
        .with_columns(
            pl.when(~category["abstained"]).then(category["value"]).fill_null("").alias("category"),
            found["counterparty"]["value"].fill_null("").alias("who"),
            found["counterparty"]["abstained"].alias("is_who_unsure"),
            pl.when(~channel["abstained"]).then(channel["value"]).fill_null("").alias("rail"),
            pl.coalesce("named", found["merchant"]["value"]).alias("payee"),
            (transfer["value"].is_not_null() & ~transfer["abstained"]).alias("is_transfer"),
            (-pl.col("minor")).alias("paid"),
            *(pl.col("text").str.contains(patterns[sign]).alias(sign) for sign in _SIGNS),
        )
        .with_columns(
            ((pl.col("rail") == "card") | (pl.col("account_type").fill_null("") == "credit"))
            .alias("is_card"),
            pl.col("category").str.split(".").list.first().alias("group"),
        )
        .with_columns(
            (pl.col("is_card") | pl.col("network")).alias("is_network"),
            ((pl.col("status").fill_null("succeeded") == "succeeded")
             & ~pl.col("is_shown_again")).alias("is_settled"),
            (pl.col("exempt") & ~pl.col("attorney")).alias("is_exempt"),
            (
                pl.col("is_line") & (pl.col("paid") > 0) & ~pl.col("is_transfer")
                & (pl.col("text").str.strip_chars() != "") & ~pl.col("repayment")
                & (~pl.col("group").is_in(_NOBODY) | (pl.col("category") == _PEOPLE))
                & (pl.col("category") != "government.taxes")
                & ~pl.col("who").is_in(["bank", "government"])
                & ~pl.col("rail").is_in(["fee", "cash", "internal"])
            ).alias("is_asked"),
        )
    )  # fmt: skip


def _judged() -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Value, confidence and words: of the rules the first that fits."""
    category, who = pl.col("category"), pl.col("who")
    is_person = (who == "person") & ~pl.col("is_who_unsure")
    is_behind = pl.col("platform") & pl.col("named").is_null()
    is_known = category.ne("") & category.ne(_PEOPLE) & ~category.str.starts_with("people.")
    cases: tuple[tuple[pl.Expr, str, float, str], ...] = (
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
    )  # fmt: skip
    value, confidence, words = pl.lit(""), pl.lit(0.0), pl.lit("")
    for fits, name, share, why in reversed(cases):
        value = pl.when(fits).then(pl.lit(name)).otherwise(value)
        confidence = pl.when(fits).then(share).otherwise(confidence)
        words = pl.when(fits).then(pl.lit(why)).otherwise(words)
    return value, confidence, words


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
