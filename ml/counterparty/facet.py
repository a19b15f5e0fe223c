"""Who is on the other side? The facet `counterparty`: person, business, government, bank.

From the counterparty's name where the bank tells it, else from the descriptor. What only a
business's name has (a legal form) comes first, then what the category says, then whether the name
is two or three words that begin with a common first name. A country stands in the evidence where an
IBAN tells it.
"""

import polars as pl

from ml.counterparty import rules
from ml.facet import Context, Facet
from ml.results import results
from ml.transactions import IS_BANK_LINE

NAME = "counterparty"
VERSION = "counterparty-rules-1"
_LEAST_CONFIDENCE = 0.6
_BANK = ("bank_fees.account", "bank_fees.interest", "income.interest", "loans.repayments")


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet, of lines of a bank or card."""
    category = context.found["category"]
    told = pl.coalesce("counterparty", "merchant").fill_null("").str.to_lowercase()
    bare = pl.col("text").str.replace_all(rules.AROUND_A_NAME, " ").str.strip_chars()
    found = frame.select(
        told.alias("text"), IS_BANK_LINE.alias("is_line"), "counterparty_account",
    ).with_columns(
        category["value"].fill_null("").alias("category"),
        (~category["abstained"]).alias("is_category_sure"),
    ).with_columns(
        bare.str.replace_all(r"[^\p{L} ]", " ").str.replace_all(r" +", " ").str.strip_chars()
        .alias("name")
    ).with_columns(
        pl.col("name").str.split(" ").list.len().alias("words"),
        pl.col("name").str.split(" ").list.first().is_in(sorted(rules.FIRST_NAMES))
        .alias("is_first"),
    )  # fmt: skip
    is_person = pl.col("is_first") & pl.col("words").is_between(2, 3)
    sure = pl.col("is_category_sure")
    is_known = pl.col("category").ne("") & sure & ~pl.col("category").str.starts_with("transfers")
    cases: tuple[tuple[pl.Expr, str, float, str], ...] = (
        (pl.col("category").is_in(_BANK), "bank", 0.95, "What banks charge or pay."),
        (
            pl.col("text").str.contains(rules.GOVERNMENT),
            "government",
            0.95,
            "A public body's name.",
        ),
        (pl.col("text").str.contains(rules.BUSINESS), "business", 0.95, "A business's wording."),
        (is_person, "person", 0.85, "A first name and a surname."),
        ((pl.col("category") == "people.payroll") & sure, "person", 0.7, "Wages."),
        (is_known, "business", 0.9, "Its category is a business's."),
        (pl.col("name") != "", "business", 0.55, "Most names are."),
    )
    value, confidence, words = pl.lit(None, dtype=pl.String), pl.lit(0.0), pl.lit("")
    for fits, name, share, why in reversed(cases):
        value = pl.when(fits).then(pl.lit(name)).otherwise(value)
        confidence = pl.when(fits).then(share).otherwise(confidence)
        words = pl.when(fits).then(pl.lit(why)).otherwise(words)
    iban = pl.col("counterparty_account").str.extract(r"^([A-Z]{2})\d{2}[A-Z0-9]{10,30}$", 1)
    country = pl.when(iban.is_not_null()).then(pl.format(" Account in {}.", iban)).otherwise(
        pl.lit("")
    )  # fmt: skip
    said = found.select(
        pl.when("is_line").then(value).alias("value"),
        confidence.alias("confidence"),
        pl.concat_str(words, country).alias("evidence"),
    )
    return results(
        NAME, value=said["value"], confidence=said["confidence"], evidence=said["evidence"],
        model_version=VERSION, abstained=said["confidence"] < _LEAST_CONFIDENCE,
    )  # fmt: skip


FACET = Facet(
    name=NAME,
    says="`person`, `business`, `government` or `bank`; a country, where an IBAN tells it, stands"
    " in the evidence",
    answer=answer,
    version=VERSION,
    after=("category",),
    values=lambda: frozenset({"person", "business", "government", "bank"}),
    card=(
        "Rules as rows: legal forms, public bodies, first names. Nothing is learned; no labelled"
        " lines are free to measure it on, so the confidences are judgements. A sole trader under"
        " their own name is taken for a person."
    ),
)
