"""Must there be a receipt? The facet `receipt_required`, by rules that are rows and are cited.

Which country's rule holds follows the account's currency. Rows of `rows/rules.csv` are tried in
their order: the first of the currency whose category (or group) and least amount fit, answers.
Payments that are no purchase (wages, taxes, transfers, the bank's own fees) need none, by what they
are. Where the category is not sure and a rule depends on it (lodging), the answer abstains.
"""

import csv
from functools import cache
from importlib.resources import files

from ml.cases import Case, Cases
from ml.facet import Facet
from ml.rulebook import Columns, Rulebook
from ml.terms import field, when
from ml.transactions import IS_LINE

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


def _cases() -> Cases:
    category, currency, amount = field("category"), field("currency"), field("amount_minor")
    is_none = category.up_to(".").is_in(_NO_PURCHASE) | category.is_in(_NO_PURCHASES)
    is_ruled = currency.is_in({rule["currency"] for rule in rules()})
    cases: list[Case] = [
        (~IS_LINE | (amount >= 0), None, _SURE, ""),
        (is_none & is_ruled, "no", _SURE, "No purchase: the bank's statement is the record."),
    ]
    for rule in rules():
        fits = (currency == rule["currency"]) & (amount <= -int(rule["at_least_minor"]))
        if rule["group"]:
            fits = fits & category.starts_with(rule["group"])
        cases.append((fits, rule["required"], _SURE, rule["citation"]))
    return Cases(cases)


_RULES = Rulebook(
    facet=NAME,
    version=VERSION,
    columns=("provider", "amount_minor", "currency"),
    found={"told": ("category", "value"), "is_unsure": ("category", "abstained")},
    steps=(Columns({"category": field("told").fill_null("")}), _cases()),
    # Of purchases in a currency whose country's rule is a row.
    value=field("value"),
    confidence=when(
        field("is_unsure") | (field("category") == ""), _LESS_SURE, field("confidence")
    ),
    evidence=field("words"),
    abstained=field("is_unsure"),
)


FACET = Facet(
    name=NAME,
    says="`yes` or `no`; the rule stands in the evidence",
    answer=_RULES.answer,
    alone=_RULES.alone,
    version=VERSION,
    after=("category",),
    values=lambda: frozenset({"yes", "no"}),
    card=(
        "Rules as rows, each cited: US 26 CFR 1.274-5, HMRC VAT Notice 700, Directive 2006/112/EC"
        " with Germany's § 33 UStDV. The country follows the account's currency. Confidence is the"
        " category's share in it; a tax adviser's word goes first."
    ),
)
