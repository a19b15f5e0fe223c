"""Over which rail did the money go? The facet `channel`: card, ACH, SEPA, wire, cheque.

The transaction's own type and payment method go before the bank's wording, and that before what a
bank of its currency does by default (which abstains).
"""

import polars as pl

from ml.counterparty import rules
from ml.facet import Context, Facet
from ml.results import results

NAME = "channel"
VERSION = "channel-rules-1"
RAILS = frozenset({rail for rail, _, _ in rules.RAILS} | {"internal"})
_LEAST_CONFIDENCE = 0.6


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet."""
    text = pl.col("merchant").fill_null("").str.to_lowercase()
    by_type = pl.col("type").replace_strict(
        rules.RAIL_OF_TYPE, default=None, return_dtype=pl.String
    )
    by_method = pl.col("payment_method_type").replace_strict(
        rules.RAIL_OF_METHOD, default=None, return_dtype=pl.String
    )
    by_wording, share = pl.lit(None, dtype=pl.String), pl.lit(0.0)
    for rail, pattern, confidence in reversed(rules.RAILS):
        fits = text.str.contains(pattern)
        by_wording = pl.when(fits).then(pl.lit(rail)).otherwise(by_wording)
        share = pl.when(fits).then(confidence).otherwise(share)
    found = frame.select(
        by_method.alias("method"), by_type.alias("kind"), by_wording.alias("wording"),
        share.alias("share"),
    ).with_columns(pl.coalesce("method", "kind", "wording").alias("value"))  # fmt: skip
    said = found.select(
        "value",
        pl.when(pl.coalesce("method", "kind").is_not_null()).then(0.97).otherwise("share")
        .alias("confidence"),
        pl.when(pl.col("method").is_not_null()).then(pl.lit("The payment method says so."))
        .when(pl.col("kind").is_not_null()).then(pl.lit("The bank says so."))
        .otherwise(pl.lit("The wording is this rail's.")).alias("evidence"),
    )  # fmt: skip
    return results(
        NAME, value=said["value"], confidence=said["confidence"], evidence=said["evidence"],
        model_version=VERSION, abstained=said["confidence"] < _LEAST_CONFIDENCE,
    )  # fmt: skip


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
