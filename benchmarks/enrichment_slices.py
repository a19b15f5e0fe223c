"""How right are facets by currency and provider? On the sandbox's company, which knows the truth.

    python -m benchmarks.enrichment_slices [--seed 31]

Synthetic: the company, its banks' spellings and its people are generated, by the same hands as the
rules. Card lines are asked by their raw text alone: the seller's name, which the bank tells too, is
held back and is the truth. It says whether a slice falls behind another, not how right real lines
are. Categories have no truth here: a code says less than the facet (coffee is "fast food").
"""

import argparse
from datetime import date

import polars as pl

from benchmarks.report import report
from ml.enriching import enrich
from tests.ml.sandbox_lines import bank_lines, world_of

TODAY = date(2026, 11, 1)
WORKERS = {"payroll": "employee", "contractor": "contractor", "rent": "vendor",
           "software": "vendor", "card_purchase": "vendor"}  # fmt: skip
FACETS = ("merchant", "worker_classification", "transfer")
SCHEMA = {"facet": pl.String(), "by": pl.String(), "slice": pl.String(), "rows": pl.Int64(),
          "answered": pl.Int64(), "right": pl.Int64()}  # fmt: skip


def measured(seed: int, customers: int = 150) -> pl.DataFrame:
    """Return, by facet, currency and provider, rows, those answered, and those rightly (`SCHEMA`).

    Of transfers also what is none counts: to say nothing of it is right.
    """
    world = world_of(seed, customers)
    sellers = {line.id: line.merchant for account in world.bank.accounts
               for line in world.bank.lines(account.id)}  # fmt: skip
    shown = bank_lines(world)
    seller = pl.Series("seller", [sellers[name] for name in shown["id"]], pl.String)
    truth = shown.select("id", "provider", "currency", "kind", "pair_id", "amount_minor").hstack(
        [seller]
    )
    is_hidden = truth["seller"].is_not_null()
    asked = shown.drop("kind", "pair_id").with_columns(
        pl.when(~is_hidden).then(pl.col(name)).alias(name)
        for name in ("counterparty", "merchant_category_code")
    )
    found = enrich(asked, as_of=TODAY, facets=FACETS)
    expected = {
        "merchant": pl.col("seller").str.to_lowercase(),
        "worker_classification": pl.when(pl.col("amount_minor") < 0).then(
            pl.col("kind").replace_strict(WORKERS, default=None)
        ),
        "transfer": pl.col("pair_id").fill_null("none"),
    }
    parts = []
    for facet, told in expected.items():
        said = found[facet].select(
            pl.when(~pl.col("abstained")).then("value").alias("value")
        )["value"]  # fmt: skip
        if facet == "merchant":
            said = said.str.to_lowercase()
        if facet == "transfer":
            said = said.str.split(":").list.last().fill_null("none")
        rows = truth.hstack([said]).with_columns(told.alias("told"))
        rows = rows.filter(pl.col("told").is_not_null())
        for by in ("currency", "provider"):
            parts.append(
                rows.group_by(pl.col(by).alias("slice")).agg(
                    pl.lit(facet).alias("facet"), pl.lit(by).alias("by"),
                    pl.len().cast(pl.Int64).alias("rows"),
                    pl.col("value").count().cast(pl.Int64).alias("answered"),
                    (pl.col("value") == pl.col("told")).sum().cast(pl.Int64).alias("right"),
                ).select(*SCHEMA).sort("slice")
            )  # fmt: skip
    return pl.concat(parts)


def main() -> None:
    """Measure, and print one line per facet and slice."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=31)
    for row in measured(parser.parse_args().seed).iter_rows(named=True):
        report(
            f"enrichment.slices.{row['facet']}.{row['slice']}",
            row["right"] / max(row["answered"], 1), "share right",
            peer=f"{row['answered']:,} answered of {row['rows']:,}, by {row['by']}; synthetic",
            ratio=None, goal="for information", met=None,
        )  # fmt: skip


if __name__ == "__main__":
    main()
