"""Who is on the other side? The facet `counterparty`: person, business, government, bank.

From the counterparty's name where the bank tells it, else from the descriptor. What only a
business's name has (a legal form) comes first, then what the category says, then whether the name
is two or three words that begin with a common first name. A country stands in the evidence where an
IBAN tells it.
"""

import re

import polars as pl

from ml.cases import Cases
from ml.counterparty import rules
from ml.facet import Context, Facet
from ml.results import results
from ml.texts import Texts, alike
from ml.transactions import IS_BANK_LINE

NAME = "counterparty"
VERSION = "counterparty-rules-2"
_LEAST_CONFIDENCE = 0.6
_BANK = ["bank_fees.account", "bank_fees.interest", "income.interest", "loans.repayments"]
_GOVERNMENT, _BUSINESS = re.compile(rules.GOVERNMENT), re.compile(rules.BUSINESS)
_AROUND = re.compile(rules.AROUND_A_NAME)
_NO_LETTERS = re.compile(r"[\W\d_]+")
_IBAN = re.compile(r"([A-Z]{2})\d{2}[A-Z0-9]{10,30}")
_NAMED: dict[str, pl.DataType] = dict.fromkeys(
    ("is_government", "is_business", "is_person", "has_name"), pl.Boolean()
)
_CATEGORY, _IS_SURE = pl.col("category"), pl.col("is_sure")
_CASES = Cases(
    (
    (_CATEGORY.is_in(_BANK), "bank", 0.95, "What banks charge or pay."),
    (pl.col("is_government"), "government", 0.95, "A public body's name."),
    (pl.col("is_business"), "business", 0.95, "A business's wording."),
    (pl.col("is_person"), "person", 0.85, "A first name and a surname."),
    ((_CATEGORY == "people.payroll") & _IS_SURE, "person", 0.7, "Wages."),
    (
        _IS_SURE & ~_CATEGORY.str.starts_with("transfers"), "business", 0.9,
        "Its category is a business's.",
    ),
    (pl.col("has_name"), "business", 0.55, "Most names are."),
    )
)  # fmt: skip


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet, of lines of a bank or card."""
    category = context.found["category"]
    told = frame.select(pl.coalesce("counterparty", "merchant").alias("told"))["told"]
    found = (
        Texts(alike(told))
        .read(_named, _NAMED)
        .hstack(
            [category["value"].alias("category"), category["abstained"].not_().alias("is_sure")]
        )
    )
    said = _CASES.first_fitting(found)
    country = Texts(frame["counterparty_account"]).read(_country, {"country": pl.String()})
    said = said.hstack([country["country"], frame["provider"]]).select(
        pl.when(IS_BANK_LINE).then("value").alias("value"),
        "confidence",
        pl.concat_str("words", pl.col("country").fill_null("")).alias("evidence"),
        (pl.col("confidence") < _LEAST_CONFIDENCE).alias("abstained"),
    )
    return results(
        NAME, value=said["value"], confidence=said["confidence"], evidence=said["evidence"],
        model_version=VERSION, abstained=said["abstained"],
    )  # fmt: skip


def _named(text: str) -> tuple[bool, bool, bool, bool]:
    """What a name tells: a public body, a business, a person, or that it is one."""
    lower = text.lower()
    words = _NO_LETTERS.sub(" ", _AROUND.sub(" ", lower)).split()
    return (
        _GOVERNMENT.search(lower) is not None,
        _BUSINESS.search(lower) is not None,
        2 <= len(words) <= 3 and words[0] in rules.FIRST_NAMES,
        bool(words),
    )


def _country(account: str) -> tuple[str | None]:
    iban = _IBAN.fullmatch(account)
    return (iban and f" Account in {iban[1]}.",)


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
