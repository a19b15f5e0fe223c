"""How is the reconciliation read, and told that it is right or wrong?"""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from core.errors import InvalidInputError, NotFoundError
from serving.auth.scope import ReconciliationExport, ReconciliationRead, ReconciliationWrite
from serving.idempotency import Idempotent
from serving.list_and_file import Listed, add_list_and_file
from serving.pagination import Page
from serving.reconciliation import decisions, queries
from serving.reconciliation.decision_schemas import Decision, DecisionRequest
from serving.reconciliation.filters import MatchesExport, MatchesPage
from serving.reconciliation.listing import Kind, list_matches, walk
from serving.reconciliation.schemas import Match, PayoutWalk
from serving.responses import problems
from serving.singling import AmbiguousIdError
from serving.words import Id

router = APIRouter(prefix="/v1/reconciliation", tags=["reconciliation"])


# Kind, what its lists are of, what they hold, what its file holds.
_KINDS: tuple[tuple[Kind, str, str, str], ...] = (
    (
        "payouts",
        "payouts",
        "List payouts with what became of them at the bank and in the books, newest first.",
        "Stream every payout that fits the filters, with its verdict, as CSV or Parquet.",
    ),
    (
        "deposits",
        "deposits",
        "List bank lines that are a payout's, or say so, newest first.",
        "Stream every such bank line that fits the filters as CSV or Parquet.",
    ),
    (
        "entries",
        "entries of the books",
        "List documents of the books that tell of a payout, newest first.",
        "Stream every such document that fits the filters as CSV or Parquet.",
    ),
)
for kind, things, page_holds, file_holds in _KINDS:
    listed = Listed(
        path=f"/{kind}",
        summary=f"List {things}",
        operation=f"list_reconciled_{kind}",
        description=page_holds,
        page=MatchesPage,
        answer=Page[Match],
        give=partial(list_matches, kind),
        file_summary=f"Export {things}",
        file_operation=f"export_reconciled_{kind}",
        file_description=file_holds,
        file=MatchesExport,
        queries=queries.EXPORTS[kind],
        file_name=kind,
    )
    add_list_and_file(router, listed, read=ReconciliationRead, take=ReconciliationExport)


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
