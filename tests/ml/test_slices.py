"""No currency and no provider is left behind, as far as the generated company can tell."""

import polars as pl

from benchmarks.enrichment_slices import measured


def test_every_currency_and_provider_is_told_as_rightly_as_the_others():
    found = measured(31)
    of = {(row["facet"], row["slice"]): row for row in found.iter_rows(named=True)}
    assert {row["slice"] for row in of.values()} == {
        "USD", "EUR", "JPY", "KWD", "plaid", "gocardless",
    }  # fmt: skip
    wrong = {name: row["answered"] - row["right"] for name, row in of.items()}
    # Amazon's marketplace is named so, not Amazon; two names keep or lose a word.
    assert {name: count for name, count in wrong.items() if count} == {
        ("merchant", "USD"): 9, ("merchant", "plaid"): 9,
    }  # fmt: skip
    sums = found.group_by("facet", "by").agg(pl.col("rows", "answered", "right").sum())
    assert sums.drop("by").unique().height == 3, "sliced either way, the same rows"
