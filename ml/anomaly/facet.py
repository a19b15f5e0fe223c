"""Which payments should somebody look at? The facet `anomaly`: the gravest kind, every reason.

Of own transfers, of money in and of what is pending nothing is said; most payments have no finding.
"""

from __future__ import annotations

import polars as pl

from ml.anomaly.payments import payments
from ml.anomaly.reasons import amounts, duplicates, payees, prices
from ml.facet import Alone, Context, Facet
from ml.results import NOTHING, Said, nothing, results
from ml.terms import Line

NAME = "anomaly"
VERSION = "anomaly-rules-2"
# The gravest first: money that may be lost, then what only changed.
KINDS = ("duplicate", "new_account", "amount", "new_payee", "price_increase")
_LEAST_CONFIDENCE = 0.8
# Every reason is a comparison with an earlier payment: to the payee, or to anybody.
_LEAST_PAYMENTS = 2


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet; nothing of payments that are like those before."""
    paid = payments(frame, context)
    least = _LEAST_PAYMENTS if context.beyond is None else 1
    if paid.height < least:
        return nothing(NAME, frame.height)
    found = pl.concat([reason(paid) for reason in (duplicates, amounts, payees, prices)])
    ordered = pl.col("kind").replace_strict(
        {kind: place for place, kind in enumerate(KINDS)}, return_dtype=pl.Int64
    )
    told = (
        found.sort("row", ordered)
        .group_by("row", maintain_order=True)
        .agg(pl.col("kind", "confidence").first(), pl.col("words").str.join(" "))
    )
    said = frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")).join(
        told, on="row", how="left", maintain_order="left"
    )
    return results(
        NAME, value=said["kind"], confidence=said["confidence"].fill_null(0.0),
        evidence=said["words"].fill_null(""), model_version=VERSION,
        abstained=said["confidence"].fill_null(0.0) < _LEAST_CONFIDENCE,
    )  # fmt: skip


def alone(row: Line, context: Alone) -> Said:
    """Answer as a facet of one row: there is none before it."""
    del row, context
    return NOTHING


FACET = Facet(
    name=NAME,
    says="`duplicate`, `new_account` (a payee paid on another account than before), `amount` (far"
    " above what the payee got before), `new_payee` (and large), `price_increase`",
    answer=answer,
    alone=alone,
    version=VERSION,
    reads="history",
    after=("merchant", "category", "recurring", "transfer"),
    corrects=False,
    values=lambda: frozenset(KINDS),
    card=(
        "Robust statistics of the workspace's own earlier payments; nothing is learned, nothing of"
        " another workspace is known. Thresholds were chosen so that real purchases without labels"
        " (Birmingham's cards) and our generated company raise few alarms. Confidences are"
        " judgements: no labelled anomalies are free."
    ),
)
