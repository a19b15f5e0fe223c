"""How many rows landed that nobody can read completely? Counted per object, as an asset check.

A malformed row never stops a load: it lands raw and shows in `unified.rejected_rows` with its
reasons. Here it is counted, per provider, with the reasons and never with what is in the row.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    MetadataValue,
    ResourceParam,
    multi_asset_check,
)

from assets.checks import named
from assets.translator import ingest_specs
from core.warehouse import Warehouse

READABLE = "rows_are_readable"
_IS_THERE = "select 1 from system.tables where database = 'unified' and name = {view:String}"
# The provider's own view: the one over all of them would read and parse every provider's rows.
_REJECTED = """
select source_table, reason, count() as rows
from unified.{view:Identifier} array join reasons as reason
group by source_table, reason
order by source_table, reason
"""


def evaluate_rejections(rejected: Sequence[Mapping[str, Any]]) -> AssetCheckResult:
    """Judge whether every row that landed can be read; those that cannot are counted by reason."""
    lines = [f"| {r['source_table']} | {r['reason']} | {r['rows']} |" for r in rejected]
    head = ["| table | reason | rows |", "| --- | --- | --: |"]
    return AssetCheckResult(
        passed=not rejected,
        severity=AssetCheckSeverity.WARN,
        metadata={
            "reasons": MetadataValue.int(sum(int(r["rows"]) for r in rejected)),
            "rejected": MetadataValue.md("\n".join(head + lines)),
        },
    )


def rejections(warehouse: Warehouse, provider: str) -> list[dict[str, Any]]:
    """Return how many rows of a provider are rejected for what; none before the models exist."""
    view = {"view": f"rejected_rows__{provider}"}
    return warehouse.rows(_REJECTED, view) if warehouse.rows(_IS_THERE, view) else []


def build_rejection_checks(provider: str) -> AssetChecksDefinition:
    """Return the count of a provider's unreadable rows as a check on its first table."""
    anchor = ingest_specs(provider)[0].key

    @multi_asset_check(
        name=f"{provider}_rejection_checks",
        specs=[AssetCheckSpec(READABLE, asset=anchor, description=evaluate_rejections.__doc__)],
    )
    def rejection_checks(
        context: AssetCheckExecutionContext, warehouse: ResourceParam[Warehouse]
    ) -> Iterator[AssetCheckResult]:
        yield named(evaluate_rejections(rejections(warehouse, provider)), anchor, READABLE)

    return rejection_checks
