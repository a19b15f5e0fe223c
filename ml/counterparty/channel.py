"""Over which rail did the money go? The facet `channel`: card, ACH, SEPA, wire, cheque.

The transaction's own type and payment method go before the bank's wording, and that before what a
bank of its currency does by default (which abstains).
"""

import re

import polars as pl

from ml.counterparty import rules
from ml.facet import Facet
from ml.rulebook import Columns, Reading, Rulebook, lookup
from ml.terms import field, first_of, when
from ml.texts import either

NAME = "channel"
VERSION = "channel-rules-2"
RAILS = frozenset({rail for rail, _, _ in rules.RAILS} | {"internal"})
_LEAST_CONFIDENCE = 0.6
_TOLD = 0.97
_COMPILED = [(rail, re.compile(pattern), sure) for rail, pattern, sure in rules.RAILS]
_ANY = f"(?i){either(pattern for _, pattern, _ in rules.RAILS)}"
_WORDING: dict[str, pl.DataType] = {"wording": pl.String(), "worded": pl.Float64()}


def _by_wording(text: str) -> tuple[str | None, float]:
    lower = text.lower()
    fitting = ((rail, sure) for rail, pattern, sure in _COMPILED if pattern.search(lower))
    return next(fitting, (None, 0.0))


_BY_METHOD, _BY_KIND = field("method").is_not_null(), field("kind").is_not_null()
_RULES = Rulebook(
    facet=NAME,
    version=VERSION,
    columns=("payment_method_type", "type"),
    steps=(
        Reading(None, _by_wording, _WORDING, holding=_ANY),
        lookup(field("payment_method_type"), "method", lambda: rules.RAIL_OF_METHOD),
        lookup(field("type"), "kind", lambda: rules.RAIL_OF_TYPE),
        Columns({"sure": when(_BY_METHOD | _BY_KIND, _TOLD, field("worded").fill_null(0.0))}),
    ),
    value=first_of(field("method"), field("kind"), field("wording")),
    confidence=field("sure"),
    evidence=when(
        _BY_METHOD, "The payment method says so.",
        when(_BY_KIND, "The bank says so.", "The wording is this rail's."),
    ),
    abstained=field("sure") < _LEAST_CONFIDENCE,
)  # fmt: skip


FACET = Facet(
    name=NAME,
    says="The rail: `card`, `ach`, `sepa`, `direct_debit`, `wire`, `faster_payments`, `cheque`,"
    " `cash`, `fee`, `internal`",
    answer=_RULES.answer,
    alone=_RULES.alone,
    version=VERSION,
    values=lambda: RAILS,
    card=(
        "The provider's own type and method, else rules on the bank's wording in English, German,"
        " Dutch, French and Spanish. Nothing is learned; confidences of wordings are judgements."
    ),
)
