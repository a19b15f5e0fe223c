"""How are transactions enriched on request, corrected, and the models behind it shown?"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Response

from core.errors import NotFoundError
from ml.registry import FACETS, SCORERS, facet_of
from ml.store import Registered
from serving.auth.scope import EnrichmentRead, EnrichmentWrite
from serving.enrichment import feedback
from serving.enrichment.answering import answer, known_of
from serving.enrichment.schemas import (
    Enriched,
    EnrichmentRequest,
    FacetCard,
    FacetRequest,
    Feedback,
    FeedbackRequest,
    Model,
)
from serving.idempotency import Idempotent
from serving.pagination import Collection
from serving.responses import problems
from serving.singling import AmbiguousIdError
from serving.words import Word

router = APIRouter(prefix="/v1/enrichment", tags=["enrichment"])

_FACETS = "\n".join(f"- `{facet.name}`: {facet.says}" for facet in FACETS)


@router.post(
    "",
    summary="Enrich transactions",
    operation_id="enrich_transactions",
    responses=problems(NotFoundError),
    description="Say what rules and models know of up to 1,000 transactions: this workspace's by"
    " id, or raw rows, of which nothing is kept.\n\n" + _FACETS,
)
def post_enrichment(scope: EnrichmentRead, request: EnrichmentRequest) -> Collection[Enriched]:
    """Answer with every facet, or with some."""
    return Collection(data=answer(scope, request, request.facets))


@router.get("/models", summary="List facets and models", operation_id="list_enrichment_models")
def get_models(scope: EnrichmentRead) -> Collection[FacetCard]:
    """List the facets, the models that answer this workspace, and their model cards.

    `propensity` is no facet of a transaction: recovery asks it before a payment is tried again.
    """
    registered = known_of(scope).registered
    cards = [
        FacetCard(
            facet=facet.name, says=facet.says, card=facet.card, version=facet.version,
            reads=facet.reads, after=list(facet.after), corrects=facet.corrects,
            model=_model(registered, facet.name),
            values=sorted(facet.values()) if facet.values else None,
        )
        for facet in FACETS
    ]  # fmt: skip
    cards += [
        FacetCard(
            facet=scorer.name, says=scorer.says, card=scorer.card, version=scorer.version,
            reads="retry", after=[], corrects=False, model=_model(registered, scorer.name),
            values=None,
        )
        for scorer in SCORERS
    ]  # fmt: skip
    return Collection(data=cards)


def _model(registered: Mapping[str, Registered], name: str) -> Model | None:
    entry = registered.get(name)
    if entry is None:
        return None
    return Model(
        version=entry.version, sha256=entry.sha256, bytes=entry.bytes, score=entry.score,
        scope="workspace" if entry.workspace_id else "shared", trained_at=entry.trained_at,
        measures=dict(entry.measures),
    )  # fmt: skip


@router.post(
    "/feedback",
    summary="Correct a finding",
    operation_id="correct_enrichment",
    status_code=201,
    response_model=Feedback,
    responses=problems(NotFoundError, AmbiguousIdError),
)
def post_feedback(
    scope: EnrichmentWrite, request: FeedbackRequest, idempotency: Idempotent
) -> Response:
    """Say what a facet should have said.

    It holds at once for this workspace's rows of the same merchant and direction. Other workspaces
    never see it; a model for all learns it only after a review.
    """
    return idempotency.once_after(
        scope, lambda: feedback.looked_up(scope, request),
        lambda rows, correction: feedback.keep(scope, rows, correction), status=201,
    )  # fmt: skip


@router.post(
    "/{facet}",
    summary="Enrich transactions by one facet",
    operation_id="enrich_transactions_by_facet",
    responses=problems(NotFoundError),
)
def post_facet(
    scope: EnrichmentRead,
    facet: Annotated[Word, Path(examples=["merchant"])],
    request: FacetRequest,
) -> Collection[Enriched]:
    """Answer with one facet."""
    return Collection(data=answer(scope, request, [facet_of(facet).name]))
