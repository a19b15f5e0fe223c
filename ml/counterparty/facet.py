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
from ml.facet import Facet
from ml.rulebook import Columns, Reading, Rulebook
from ml.terms import field, first_of, text, when
from ml.transactions import IS_LINE

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
_CATEGORY, _IS_SURE = field("category"), field("is_sure")
_CASES = Cases(
    (
    (_CATEGORY.is_in(_BANK), "bank", 0.95, "What banks charge or pay."),
    (field("is_government"), "government", 0.95, "A public body's name."),
    (field("is_business"), "business", 0.95, "A business's wording."),
    (field("is_person"), "person", 0.85, "A first name and a surname."),
    ((_CATEGORY == "people.payroll") & _IS_SURE, "person", 0.7, "Wages."),
    (
        _IS_SURE & ~_CATEGORY.starts_with("transfers"), "business", 0.9,
        "Its category is a business's.",
    ),
    (field("has_name"), "business", 0.55, "Most names are."),
    )
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


_RULES = Rulebook(
    facet=NAME,
    version=VERSION,
    columns=("counterparty", "merchant", "counterparty_account", "provider"),
    found={"category": ("category", "value"), "is_unsure": ("category", "abstained")},
    steps=(
        Reading(first_of(field("counterparty"), field("merchant")), _named, _NAMED, is_alike=True),
        Columns({"is_sure": ~field("is_unsure")}),
        _CASES,
        Reading(field("counterparty_account"), _country, {"country": pl.String()}),
    ),
    # Of lines of a bank or card.
    value=when(IS_LINE, field("value")),
    confidence=field("confidence"),
    evidence=text(field("words"), field("country").fill_null("")),
    abstained=field("confidence") < _LEAST_CONFIDENCE,
)


FACET = Facet(
    name=NAME,
    says="`person`, `business`, `government` or `bank`; a country, where an IBAN tells it, stands"
    " in the evidence",
    answer=_RULES.answer,
    alone=_RULES.alone,
    version=VERSION,
    after=("category",),
    values=lambda: frozenset({"person", "business", "government", "bank"}),
    card=(
        "Rules as rows: legal forms, public bodies, first names. Nothing is learned; no labelled"
        " lines are free to measure it on, so the confidences are judgements. A sole trader under"
        " their own name is taken for a person."
    ),
)
