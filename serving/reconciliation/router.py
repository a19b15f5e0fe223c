"""How is the reconciliation read, and told that it is right or wrong?"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from core.errors import InvalidInputError, NotFoundError
from serving.auth.scope import ReconciliationExport, ReconciliationRead, ReconciliationWrite
from serving.exporting import ANSWERS, export
from serving.idempotency import Idempotent
from serving.pagination import Page
from serving.reconciliation import decisions, queries
from serving.reconciliation.decision_schemas import Decision, DecisionRequest
from serving.reconciliation.filters import MatchesExport, MatchesPage
from serving.reconciliation.listing import list_matches, walk
from serving.reconciliation.schemas import Match, PayoutWalk
from serving.responses import problems
from serving.singling import AmbiguousIdError
from serving.words import Id

router = APIRouter(prefix="/v1/reconciliation", tags=["reconciliation"])


@router.get("/payouts", summary="List payouts", operation_id="list_reconciled_payouts")
def get_payouts(scope: ReconciliationRead, query: Annotated[MatchesPage, Query()]) -> Page[Match]:
    """List payouts with what became of them at the bank and in the books, newest first."""
    return list_matches(scope, "payouts", query)


@router.get(
    "/payouts/export",
    summary="Export payouts",
    operation_id="export_reconciled_payouts",
    response_class=StreamingResponse,
    responses=ANSWERS,
)
def export_payouts(
    scope: ReconciliationExport, query: Annotated[MatchesExport, Query()]
) -> StreamingResponse:
    """Stream every payout that fits the filters, with its verdict, as CSV or Parquet."""
    return export(scope, queries.EXPORTS["payouts"], query.parameters(), query.format, "payouts")


@router.get(
    "/payouts/{payout_id}",
    summary="Walk a payout",
    operation_id="get_reconciled_payout",
    responses=problems(NotFoundError, AmbiguousIdError),
)
def get_payout(
    scope: ReconciliationRead,
    payout_id: Annotated[Id, Path(examples=["po_1PqXk2Eexample"])],
    connection_id: Annotated[Id | None, Query(description="Where the id is not unique")] = None,
) -> PayoutWalk:
    """Show one payout on its way: what it was made of, its deposits, what the books hold."""
    return walk(scope, payout_id, connection_id)


@router.get("/deposits", summary="List deposits", operation_id="list_reconciled_deposits")
def get_deposits(scope: ReconciliationRead, query: Annotated[MatchesPage, Query()]) -> Page[Match]:
    """List bank lines that are a payout's, or say so, newest first."""
    return list_matches(scope, "deposits", query)


@router.get(
    "/deposits/export",
    summary="Export deposits",
    operation_id="export_reconciled_deposits",
    response_class=StreamingResponse,
    responses=ANSWERS,
)
def export_deposits(
    scope: ReconciliationExport, query: Annotated[MatchesExport, Query()]
) -> StreamingResponse:
    """Stream every such bank line that fits the filters as CSV or Parquet."""
    return export(scope, queries.EXPORTS["deposits"], query.parameters(), query.format, "deposits")


@router.get("/entries", summary="List entries of the books", operation_id="list_reconciled_entries")
def get_entries(scope: ReconciliationRead, query: Annotated[MatchesPage, Query()]) -> Page[Match]:
    """List documents of the books that tell of a payout, newest first."""
    return list_matches(scope, "entries", query)


@router.get(
    "/entries/export",
    summary="Export entries of the books",
    operation_id="export_reconciled_entries",
    response_class=StreamingResponse,
    responses=ANSWERS,
)
def export_entries(
    scope: ReconciliationExport, query: Annotated[MatchesExport, Query()]
) -> StreamingResponse:
    """Stream every such document that fits the filters as CSV or Parquet."""
    return export(scope, queries.EXPORTS["entries"], query.parameters(), query.format, "entries")


@router.post(
    "/decisions",
    summary="Confirm or reject a match",
    operation_id="decide_match",
    response_model=Decision,
    responses=problems(NotFoundError, InvalidInputError),
)
def post_decision(
    scope: ReconciliationWrite, request: DecisionRequest, idempotency: Idempotent
) -> Response:
    """Say that a payout and a deposit or entry belong together, or do not; the newest word holds.

    The next run of the reconciliation, within a quarter of an hour, is bound by it.
    """
    decisions.check(scope, request)
    return idempotency.once(scope, lambda rows: decisions.decide(scope, rows, request))
