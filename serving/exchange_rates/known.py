"""Which rates does a workspace have? Told ones and seen ones: all for conversions, or a page."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from core.database import Rows
from serving.auth.scope import TenantScope
from serving.exchange_rates import queries
from serving.metrics.rates import TOLD, Rate


def known_rates(scope: TenantScope) -> list[Rate]:
    """Return every rate that the workspace knows."""
    with scope.transaction() as rows:
        told = [_told(row) for row in rows.execute(queries.TOLD)]
    if not scope.has_table(queries.OBSERVED_TABLE):
        return told
    return told + [_seen(row) for row in scope.rows(queries.OBSERVED)]


def place(rate: Rate) -> tuple[str, ...]:
    """Return where a rate stands in the list of all."""
    return rate.base, rate.quote, rate.day.isoformat(), rate.source


def rates_after(scope: TenantScope, after: Sequence[str], limit: int) -> list[Rate]:
    """Return the first rates after a place in the list."""
    values = dict(zip(("base", "quote", "day", "source"), after, strict=True)) | {"limit": limit}
    with scope.transaction() as rows:
        found = [_told(row) for row in rows.execute(queries.PAGE_TOLD, values | {"told": TOLD})]
    if scope.has_table(queries.OBSERVED_TABLE):
        found += [_seen(row) for row in scope.rows(queries.PAGE_OBSERVED, values)]
    return sorted(found, key=place)[:limit]


def told_among(rows: Rows, pairs: Sequence[tuple[str, str, date]]) -> list[Rate]:
    """Return the rates that are told for these pairs and days, in the order of the list."""
    bases, quotes, days = zip(*pairs, strict=True)
    values = {"bases": list(bases), "quotes": list(quotes), "days": list(days)}
    return sorted((_told(row) for row in rows.execute(queries.KNOWN, values)), key=place)


def _told(row: Mapping[str, Any]) -> Rate:
    return Rate(row["base_currency"], row["quote_currency"], row["day"], row["rate"], TOLD, "")


def _seen(row: Mapping[str, Any]) -> Rate:
    return Rate(
        row["base_currency"], row["quote_currency"], row["day"], Decimal(row["rate"]),
        row["source"], row["source_id"],
    )  # fmt: skip
