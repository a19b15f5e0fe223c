"""What have people said of matches, and how is it taken back?"""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from core.errors import NotFoundError
from serving.auth.scope import ReconciliationRead, ReconciliationWrite
from serving.pagination import CursorText, Limit, Page
from serving.reconciliation import decisions
from serving.reconciliation.decision_schemas import Decision
from serving.responses import problems
from serving.words import Id

router = APIRouter(prefix="/v1/reconciliation", tags=["decisions"])
DecisionId = Annotated[Id, Path(examples=["dec_5k2m8w0c1t7e9b3n6x4q0r2hz"])]


@router.get("/decisions", summary="List decisions", operation_id="list_match_decisions")
def get_decisions(
    scope: ReconciliationRead,
    payout_id: Annotated[Id | None, Query(description="Only those on this payout")] = None,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[Decision]:
    """List which matches people confirmed and rejected, newest first."""
    return decisions.list_decisions(scope, payout_id, limit, cursor)


@router.delete(
    "/decisions/{decision_id}",
    summary="Undo a decision",
    operation_id="undo_match_decision",
    responses=problems(NotFoundError),
)
def delete_decision(scope: ReconciliationWrite, decision_id: DecisionId) -> Decision:
    """Forget what was decided on a pair; the reconciliation judges by itself again."""
    with scope.transaction() as rows:
        return decisions.undo(scope, rows, decision_id)
