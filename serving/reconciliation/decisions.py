"""How does a person's word on a match get in? Stored once per pair, undone, listed, in the log.

A later word on the same pair replaces the earlier one; the audit log keeps both. The matching reads
them at its next run: a confirmed pair stands, a rejected one is out (docs/reconciliation.md).
"""

from collections.abc import Mapping
from typing import Any

from core.clock import utc_now
from core.database import Rows
from core.errors import InvalidInputError, NotFoundError
from core.tenancy import new_id
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.pagination import Cursor, Page, page_of
from serving.reconciliation import queries
from serving.reconciliation.decision_schemas import Decision, DecisionRequest
from serving.times import LATEST


def check(scope: TenantScope, request: DecisionRequest) -> None:
    """Check that both sides are there.

    Raises:
        InvalidInputError: An entry without its account, or a deposit with one.
        NotFoundError: The workspace has no such payout, bank line or document.
    """
    if (request.kind == "entry") != bool(request.account_id):
        raise InvalidInputError(
            "An entry needs account_id, the account of the books; a deposit has none.",
            next_step="Take id, connection_id and account_id from GET /v1/reconciliation/entries.",
        )
    payout = {"id": request.payout_id, "connection_id": request.payout_connection_id}
    other = {"id": request.other_id, "connection_id": request.connection_id}
    if not scope.rows(queries.KNOWN_PAYOUT, payout)[0]["found"]:
        raise NotFoundError(
            f"There is no payout {request.payout_id}.",
            next_step="GET /v1/reconciliation/payouts lists those there are.",
        )
    if not scope.rows(queries.KNOWN_OTHER[request.kind], other)[0]["found"]:
        raise NotFoundError(
            f"There is no {request.kind} {request.other_id}.",
            next_step="GET /v1/transactions lists bank lines, GET /v1/reconciliation/entries"
            " documents.",
        )


def decide(scope: TenantScope, rows: Rows, request: DecisionRequest) -> Decision:
    """Keep the word on a pair, in place of an earlier one."""
    values = request.model_dump(exclude={"decision"}) | {
        "workspace_id": str(scope.tenant), "id": new_id("dec"),
        "is_confirmed": request.decision == "confirmed", "decided_by": scope.principal.id,
        "now": utc_now(),
    }  # fmt: skip
    row = rows.execute(queries.DECIDE, values).fetchone()
    assert row is not None
    record(
        rows, scope, f"match.{request.decision}", row["id"], kind=request.kind,
        payout_id=request.payout_id, other_id=request.other_id, note=request.note,
    )  # fmt: skip
    return _decision(row)


def undo(scope: TenantScope, rows: Rows, decision_id: str) -> Decision:
    """Forget a word; the matching decides again.

    Raises:
        NotFoundError: There is no such decision.
    """
    row = rows.execute(queries.UNDO, [decision_id]).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no decision {decision_id}.",
            next_step="GET /v1/reconciliation/decisions lists those there are.",
        )
    record(
        rows, scope, "match.undone", decision_id, kind=row["kind"], payout_id=row["payout_id"],
        other_id=row["other_id"],
    )  # fmt: skip
    return _decision(row)


def list_decisions(
    scope: TenantScope, payout_id: str | None, limit: int, cursor: str | None
) -> Page[Decision]:
    """Return a page, newest first."""
    after = Cursor(LATEST, ("",)) if cursor is None else Cursor.decode(cursor, names=1)
    values = {
        "payout_id": payout_id or "", "after_at": after.moment, "after_id": after.name[0],
        "limit": limit + 1,
    }  # fmt: skip
    with scope.transaction() as rows:
        found = rows.execute(queries.DECISIONS, values).fetchall()
    return page_of(found, limit, _decision, lambda row: Cursor(row["decided_at"], (row["id"],)))


def _decision(row: Mapping[str, Any]) -> Decision:
    word = "confirmed" if row["is_confirmed"] else "rejected"
    plain = {name: value for name, value in row.items() if name != "is_confirmed"}
    return Decision(decision=word, **plain)
