"""What did a provider or bank take for it? The facet `fee`: an amount, as one of them says it.

Three sources, in turn: what the provider's own ledger deducted (Stripe's balance transactions), a
line that is itself a fee, and a fee that a line's text states. Nothing is worked out of rates.
"""

from __future__ import annotations

from ml.facet import Facet
from ml.fee.stated import HOLDING, READ, stated
from ml.rulebook import Columns, Reading, Rulebook
from ml.terms import field, text, when
from ml.wording import money_of

NAME = "fee"
VERSION = "fee-rules-1"
_FEES = ["bank_fees.account", "bank_fees.payment_processing"]
_IS_DEDUCTED = field("fee_minor") > 0
_IS_ITSELF = field("category").is_in(_FEES) & (field("amount_minor") < 0)
_IS_STATED = field("stated_minor") > 0
_OF = {name: money_of(f"{name}_minor", currency) for name, currency in (
    ("amount", "currency"), ("fee", "fee_currency"), ("stated", "stated_currency"),
)}  # fmt: skip
_RULES = Rulebook(
    facet=NAME,
    version=VERSION,
    columns=("merchant", "amount_minor", "currency", "fee_minor", "fee_currency"),
    found={
        "category": ("category", "value"),
        "category_sure": ("category", "confidence"),
        "no_category": ("category", "abstained"),
    },
    steps=(
        Reading(field("merchant"), stated, READ, holding=HOLDING),
        Columns({"category": when(~field("no_category"), field("category"))}),
    ),
    value=when(
        _IS_DEDUCTED, _OF["fee"],
        when(_IS_ITSELF, _OF["amount"], when(_IS_STATED, _OF["stated"])),
    ),
    confidence=when(
        _IS_DEDUCTED, 0.99, when(_IS_ITSELF, field("category_sure"), when(_IS_STATED, 0.85, 0.0))
    ),
    evidence=when(
        _IS_DEDUCTED, text("The provider's own ledger deducted it from ", _OF["amount"], "."),
        when(
            _IS_ITSELF, text("The line is itself a fee (", field("category"), ")."),
            when(_IS_STATED, text("The line's own text states it: '", field("merchant"), "'."), ""),
        ),
    ).fill_null(""),
    abstained=~(
        _IS_DEDUCTED.fill_null(value=False) | _IS_ITSELF.fill_null(value=False)
        | _IS_STATED.fill_null(value=False)
    ),
)  # fmt: skip


FACET = Facet(
    name=NAME,
    says="What a provider or bank took for it, where one of them says so: `0.59 EUR`",
    answer=_RULES.answer,
    alone=_RULES.alone,
    version=VERSION,
    after=("category",),
    corrects=False,
    card=(
        "Stripe's own ledger, lines that are fees by their category, and amounts that a line's text"
        " states with their currency, in English, German, Dutch, French and Spanish. Nothing is"
        " learned, and nothing is worked out of rates: what a bank keeps without saying so, as in"
        " an exchange rate, is not known. Confidences are judgements but for the category's own."
    ),
)
