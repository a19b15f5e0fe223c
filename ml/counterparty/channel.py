"""Over which rail did the money go? The facet `channel`: card, ACH, SEPA, wire, cheque.

The transaction's own type and payment method go before the bank's wording, and that before what a
bank of its currency does by default (which abstains).
"""

import re

import polars as pl

from ml.counterparty import rules
from ml.facet import Context, Facet
from ml.results import results
from ml.texts import either, looked_up

NAME = "channel"
VERSION = "channel-rules-2"
RAILS = frozenset({rail for rail, _, _ in rules.RAILS} | {"internal"})
_LEAST_CONFIDENCE = 0.6
_TOLD = 0.97
_COMPILED = [(rail, re.compile(pattern), sure) for rail, pattern, sure in rules.RAILS]
_ANY = f"(?i){either(pattern for _, pattern, _ in rules.RAILS)}"
_WORDING: dict[str, pl.DataType] = {"wording": pl.String(), "sure": pl.Float64()}


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet."""
    told = [
        looked_up(frame["payment_method_type"], rules.RAIL_OF_METHOD).alias("method"),
        looked_up(frame["type"], rules.RAIL_OF_TYPE).alias("kind"),
    ]
    found = context.texts.read(_by_wording, _WORDING, holding=_ANY).hstack(told)
    by_method, by_kind = pl.col("method").is_not_null(), pl.col("kind").is_not_null()
    sure = pl.when(by_method | by_kind).then(_TOLD).otherwise(pl.col("sure").fill_null(0.0))
    said = found.select(
        pl.coalesce("method", "kind", "wording").alias("value"), sure.alias("confidence"),
        pl.when(by_method).then(pl.lit("The payment method says so."))
        .when(by_kind).then(pl.lit("The bank says so."))
        .otherwise(pl.lit("The wording is this rail's.")).alias("evidence"),
        (sure < _LEAST_CONFIDENCE).alias("abstained"),
    )  # fmt: skip
    return results(
        NAME, value=said["value"], confidence=said["confidence"], evidence=said["evidence"],
        model_version=VERSION, abstained=said["abstained"],
    )  # fmt: skip


def _by_wording(text: str) -> tuple[str | None, float]:
    lower = text.lower()
    fitting = ((rail, sure) for rail, pattern, sure in _COMPILED if pattern.search(lower))
    return next(fitting, (None, 0.0))


FACET = Facet(
    name=NAME,
    says="The rail: `card`, `ach`, `sepa`, `direct_debit`, `wire`, `faster_payments`, `cheque`,"
    " `cash`, `fee`, `internal`",
    answer=answer,
    version=VERSION,
    values=lambda: RAILS,
    card=(
        "The provider's own type and method, else rules on the bank's wording in English, German,"
        " Dutch, French and Spanish. Nothing is learned; confidences of wordings are judgements."
    ),
)
