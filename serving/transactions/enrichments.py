"""What was learned of transactions? Joined from `unified.enrichments`, a user's word before it.

One row per transaction and facet (`ml.tables`). A correction (`POST /v1/enrichment/feedback`) goes
before what is stored of the rows alike as soon as it is kept; the next scoring stores it. While
the table does not exist, or says nothing of a transaction, its `enrichment` is null.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from core.warehouse import TenantQuery
from ml.corrections import VERSION, words_of
from serving.auth.scope import TenantScope
from serving.transactions.schemas import EnrichedTransaction, Finding, enriched_transaction

TABLE = "unified.enrichments"
_OF_PAGE = TenantQuery(
    """
    select connection_id, transaction_id, facet, value, confidence, evidence, model_version,
        toBool(abstained) as abstained, like_key
    from unified.enrichments final
    where transaction_id in {ids:Array(String)}
    """
)
_STATE = TenantQuery("select toString((count(), sum(version))) as state from unified.enrichments")
_CORRECTIONS = """
select facet, like_key, value, (said_at at time zone 'UTC')::date as said_on
from enrichment_feedback where review <> 'refused' order by said_at, id
"""
_SAID = "select count(*)::text || ' ' || max(said_at)::text as state from enrichment_feedback"

Corrections = dict[tuple[str, str], tuple[str, date]]


def shape_of(
    scope: TenantScope, rows: Sequence[Mapping[str, Any]]
) -> Callable[[Mapping[str, Any]], EnrichedTransaction]:
    """Return what makes an enriched transaction of each of these rows."""
    findings: dict[tuple[str, str], dict[str, Finding]] = defaultdict(dict)
    if rows and scope.has_table(TABLE):
        said = corrections(scope)
        for found in scope.rows(_OF_PAGE, {"ids": [row["id"] for row in rows]}):
            place = (found.pop("connection_id"), found.pop("transaction_id"))
            facet, key = found.pop("facet"), found.pop("like_key")
            findings[place][facet] = Finding(**found | _corrected(said.get((facet, key))))
    return lambda row: enriched_transaction(row, findings.get((row["connection_id"], row["id"])))


def corrections(scope: TenantScope) -> Corrections:
    """Return what this workspace's users said, by facet and likeness; the later word wins."""
    with scope.transaction() as rows:
        said = rows.execute(_CORRECTIONS).fetchall()
    return {(row["facet"], row["like_key"]): (row["value"], row["said_on"]) for row in said}


def corrected_category(scope: TenantScope, category: str) -> dict[str, list[str]]:
    """Return the likenesses whose category was corrected, and those corrected to this one."""
    own = {key: value for (facet, key), (value, _) in corrections(scope).items()
           if facet == "category"}  # fmt: skip
    wanted = category.lower()
    return {
        "corrected_keys": sorted(own),
        "keys_of_category": sorted(
            key for key, value in own.items() if value == wanted or value.startswith(f"{wanted}.")
        ),
    }


def state(scope: TenantScope) -> str:
    """Return what differs whenever what was learned does."""
    if not scope.has_table(TABLE):
        return ""
    with scope.transaction() as rows:
        said = rows.execute(_SAID).fetchone()
    return f"{scope.rows(_STATE)[0]['state']} {said and said['state']}"


def _corrected(said: tuple[str, date] | None) -> dict[str, Any]:
    if said is None:
        return {}
    return {
        "value": said[0], "confidence": 1.0, "evidence": words_of(said[1]),
        "model_version": VERSION, "abstained": False,
    }  # fmt: skip
