"""How much of a contractor's year must a 1099-NEC report? Running totals by payee and year.

US law, so payments in US dollars. What is paid by card or through a payment network is its
processor's to report, on a 1099-K (26 CFR 1.6041-1(a)(1)(iv)), and is not counted. A corporation's
payments are exempt, a lawyer's are not (26 CFR 1.6041-3(p)(1)).
"""

from __future__ import annotations

import polars as pl

from ml.terms import field
from ml.wording import money
from ml.worker_classification.rules import thresholds

CURRENCY = "USD"
_ON_1099K = "Paid by card or payment network: for the processor's 1099-K, not your 1099-NEC."
_EXEMPT = "A corporation: no 1099-NEC (26 CFR 1.6041-3(p)(1))."
IS_COUNTED = (
    (field("value") == "contractor") & (field("currency") == CURRENCY)
    & field("booked_on").is_not_null() & field("payee").is_not_null()
    & field("is_settled")
).fill_null(value=False)  # fmt: skip


def told_totals(lines: pl.DataFrame) -> pl.Series:
    """Return, row for row, what is to be said of a contractor's year; empty where nothing is.

    Parameters
    ----------
    lines
        `value`, `payee`, `currency`, `booked_on`, `paid` (positive), `id`, `connection_id`,
        `is_settled`, `is_network` and `is_exempt`; row order is kept.
    """
    is_counted = lines.select(IS_COUNTED.expr.alias("is_us"))["is_us"]
    if not is_counted.any():
        return pl.repeat("", lines.height, eager=True)
    dated = lines.with_row_index("place").with_columns(
        pl.col("booked_on").dt.year().alias("year"), is_counted
    )
    counted = dated.filter(pl.col("is_us") & ~pl.col("is_network") & ~pl.col("is_exempt"))
    running = (
        counted.sort("booked_on", "connection_id", "id", "paid")
        .with_columns(pl.col("paid").cum_sum().over("payee", "year").alias("total"))
        .join(thresholds(counted["year"]), on="year", how="left")
        .select("place", "total", "least_minor", "is_indexed", "source")
    )
    known = dated.join(running, on="place", how="left", maintain_order="left")
    reached = pl.when(pl.col("total") >= pl.col("least_minor")).then(
        pl.lit("which must be reported from")
    ).otherwise(pl.lit("under the least of"))  # fmt: skip
    indexed = pl.when("is_indexed").then(pl.lit(" before its adjustment for inflation")).otherwise(
        pl.lit("")
    )  # fmt: skip
    words = pl.format(
        "1099-NEC {}: {} so far, {} {}{} ({}).",
        "year", money("total"), reached, money("least_minor"), indexed, "source",
    )  # fmt: skip
    return known.select(
        pl.when(~pl.col("is_us")).then(pl.lit(""))
        .when("is_network").then(pl.lit(_ON_1099K))
        .when("is_exempt").then(pl.lit(_EXEMPT))
        .otherwise(words).fill_null("").alias("told")
    )["told"]  # fmt: skip
