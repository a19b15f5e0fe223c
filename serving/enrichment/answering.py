"""How is an enrichment answered? Rows to a frame, facets asked, findings by facet back.

Facets of single rows answer from the row, with this workspace's models and corrections. Those that
read a history say of a transaction of ours what the scoring found in its whole history, and of raw
rows what those rows alone show.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from core.clock import utc_now
from core.errors import NotFoundError
from ml.corrections import COLUMNS as CORRECTIONS
from ml.corrections import VERSION, words_of
from ml.enriching import enrich
from ml.feature_queries import PERMITTED
from ml.registry import BY_NAME, FACETS
from ml.results import SCHEMA
from ml.store import Registered, champions
from ml.tables import ENRICHMENTS
from serving.auth.scope import TenantScope
from serving.enrichment import queries
from serving.enrichment.schemas import Enriched, FacetRequest, RawRow
from serving.transactions.schemas import Finding


@dataclass(frozen=True, slots=True)
class Known:
    """What a workspace brings to every answer: its models and its corrections."""

    registered: Mapping[str, Registered]
    corrections: pl.DataFrame


def known_of(scope: TenantScope) -> Known:
    """Return what this workspace's answers rest on beside the rows."""
    with scope.transaction() as rows:
        registered = champions(rows, str(scope.tenant))
        said = rows.execute(queries.CORRECTIONS).fetchall()
    return Known(registered, pl.DataFrame(said, schema=CORRECTIONS, orient="row"))


def answer(
    scope: TenantScope, request: FacetRequest, facets: Iterable[str] | None
) -> list[Enriched]:
    """Say of transactions what the facets say.

    Raises:
        NotFoundError: An id is of no transaction of this workspace.
        ForbiddenError: A raw row comes from a provider whose terms forbid this.
    """
    wanted = [facet.name for facet in FACETS] if facets is None else list(facets)
    is_ours = request.ids is not None
    frame = own_rows(scope, request.ids) if request.ids else raw_rows(request.rows or [])
    found = findings_of(scope, frame, wanted, is_ours=is_ours)
    names = frame.select(
        pl.col("sent_id" if "sent_id" in frame.columns else "id").alias("id"),
        "connection_id" if is_ours else pl.lit(None).alias("connection_id"),
    )
    return [
        Enriched(id=row_id, connection_id=connection, enrichment=said)
        for (row_id, connection), said in zip(names.iter_rows(), found, strict=True)
    ]


def findings_of(
    scope: TenantScope, frame: pl.DataFrame, wanted: list[str], *, is_ours: bool
) -> list[dict[str, Finding]]:
    """Return, row by row, what each wanted facet says."""
    known = known_of(scope)
    stored = {name for name in wanted if is_ours and BY_NAME[name].reads == "history"}
    asked = [name for name in wanted if name not in stored]
    found: list[dict[str, Finding]] = [{} for _ in range(frame.height)]
    if asked:
        answers = enrich(
            frame, as_of=utc_now().date(), facets=asked, corrections=known.corrections,
            models=scope.models().opened(known.registered),
        )  # fmt: skip
        for name in asked:
            for place, row in enumerate(answers[name].iter_rows(named=True)):
                if row["value"] is not None:
                    found[place][name] = _finding(row)
    if stored and scope.has_table(ENRICHMENTS):
        _add_stored(scope, frame, stored, found, known.corrections)
    return found


def own_rows(scope: TenantScope, ids: list[str]) -> pl.DataFrame:
    """Return transactions of this workspace by id.

    Raises:
        NotFoundError: It has none of some id, or none that may be looked at.
    """
    found = scope.rows(queries.BY_ID, {"ids": ids, "providers": list(PERMITTED)})
    missing = set(ids) - {row["id"] for row in found}
    if missing:
        raise NotFoundError(
            f"There is no transaction {min(missing)}.",
            next_step="GET /v1/transactions lists those there are.",
        )
    return pl.DataFrame(found, infer_schema_length=None)


def raw_rows(rows: list[RawRow]) -> pl.DataFrame:
    """Return the frame of raw rows; an unnamed row gets its place for a name."""
    return pl.DataFrame(
        [
            {
                **row.model_dump(exclude={"description", "id"}),
                "merchant": row.description, "sent_id": row.id, "id": row.id or f"row_{place}",
                "connection_id": "", "status": "succeeded",
            }
            for place, row in enumerate(rows)
        ],
        infer_schema_length=None,
    )  # fmt: skip


def _add_stored(
    scope: TenantScope,
    frame: pl.DataFrame,
    facets: set[str],
    found: list[dict[str, Finding]],
    corrections: pl.DataFrame,
) -> None:
    """Add what scoring found; what users said since goes before it."""
    said = {(row["facet"], row["like_key"]): row for row in corrections.iter_rows(named=True)}
    places = {
        place: number
        for number, place in enumerate(frame.select("connection_id", "id").iter_rows())
    }
    asked = {"ids": frame["id"].to_list(), "facets": sorted(facets)}
    for row in scope.rows(queries.STORED, asked):
        place = places.get((row["connection_id"], row["transaction_id"]))
        word = said.get((row["facet"], row["like_key"]))
        if place is not None:
            found[place][row["facet"]] = _finding(row) if word is None else corrected_finding(
                word["value"], word["said_on"]
            )  # fmt: skip


def corrected_finding(value: str, said_on: date) -> Finding:
    """Return the finding that is a user's own word."""
    return Finding(
        value=value, confidence=1.0, evidence=words_of(said_on), model_version=VERSION,
        abstained=False,
    )  # fmt: skip


def _finding(row: Mapping[str, Any]) -> Finding:
    return Finding(**{name: row[name] for name in SCHEMA if name != "facet"})
