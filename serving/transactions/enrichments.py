"""What was learned of transactions? Joined from `unified.enrichments`, once something fills it.

The seam of the enrichment app: one row per transaction and facet, with the columns of `ml.results`
and the transaction's connection and id. While the table does not exist, or says nothing of a
transaction, its `enrichment` is null: nothing was learned of it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.warehouse import TenantQuery
from serving.auth.scope import TenantScope
from serving.transactions.schemas import EnrichedTransaction, Finding, enriched_transaction

TABLE = "unified.enrichments"
_OF_PAGE = TenantQuery(
    """
    select connection_id, transaction_id, facet, value, confidence, evidence, model_version,
        toBool(abstained) as abstained
    from unified.enrichments final
    where transaction_id in {ids:Array(String)}
    """
)
_STATE = TenantQuery("select toString((count(), sum(version))) as state from unified.enrichments")


def shape_of(
    scope: TenantScope, rows: Sequence[Mapping[str, Any]]
) -> Callable[[Mapping[str, Any]], EnrichedTransaction]:
    """Return what makes an enriched transaction of each of these rows."""
    findings: dict[tuple[str, str], dict[str, Finding]] = defaultdict(dict)
    if rows and scope.has_table(TABLE):
        for found in scope.rows(_OF_PAGE, {"ids": [row["id"] for row in rows]}):
            place = (found.pop("connection_id"), found.pop("transaction_id"))
            findings[place][found.pop("facet")] = Finding(**found)
    return lambda row: enriched_transaction(row, findings.get((row["connection_id"], row["id"])))


def state(scope: TenantScope) -> str:
    """Return what differs whenever what was learned does."""
    return str(scope.rows(_STATE)[0]["state"]) if scope.has_table(TABLE) else ""
