"""Which rates does a workspace have? Told ones and seen ones, as conversions take them."""

from decimal import Decimal

from serving.auth.scope import TenantScope
from serving.exchange_rates import queries
from serving.metrics.rates import TOLD, Rate


def known_rates(scope: TenantScope) -> list[Rate]:
    """Return every rate that the workspace knows."""
    with scope.transaction() as rows:
        told = [
            Rate(row["base_currency"], row["quote_currency"], row["day"], row["rate"], TOLD, "")
            for row in rows.execute(queries.TOLD)
        ]
    if not scope.has_table(queries.OBSERVED_TABLE):
        return told
    seen = [
        Rate(
            row["base_currency"], row["quote_currency"], row["day"], Decimal(row["rate"]),
            row["source"], row["source_id"],
        )
        for row in scope.rows(queries.OBSERVED)
    ]  # fmt: skip
    return told + seen
