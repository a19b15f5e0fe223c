"""What becomes of a user's correction? It is kept for the workspace, and answers from then on."""

from typing import Any

from core.clock import utc_now
from core.database import Rows
from core.errors import InvalidInputError
from core.tenancy import new_id
from ml.corrections import like_keys
from ml.merchants import identified
from ml.registry import facet_of
from ml.texts import Texts, alike
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.enrichment import queries
from serving.enrichment.answering import findings_of, own_rows, raw_rows
from serving.enrichment.schemas import Feedback, FeedbackRequest
from serving.singling import AmbiguousIdError


def looked_up(scope: TenantScope, request: FeedbackRequest) -> dict[str, Any]:
    """Return what is to be kept of a correction: whose like it is, and what was said before.

    Raises:
        NotFoundError: There is no such facet, or no such transaction.
        AmbiguousIdError: More than one connection has the id.
        InvalidInputError: The facet takes no correction, or not this value, or nothing is alike.
    """
    facet = facet_of(request.facet)
    if not facet.corrects:
        raise InvalidInputError(
            f"{facet.name} takes no correction: it says what others say, not what a merchant is.",
            next_step="Correct the merchant or the category.",
        )
    allowed = facet.values() if facet.values is not None else None
    if allowed is not None and request.value not in allowed:
        raise InvalidInputError(
            f"{request.value[:60]!r} is no value of {facet.name}.",
            next_step="GET /v1/enrichment/models lists them.",
        )
    if request.transaction is not None:
        frame = own_rows(scope, [request.transaction.id])
        connection = request.transaction.connection_id
        if connection is not None:
            frame = frame.filter(frame["connection_id"] == connection)
        if frame.height > 1:
            raise AmbiguousIdError(
                f"More than one connection has {request.transaction.id}.",
                next_step="Name the connection_id.",
            )
    else:
        assert request.row is not None
        frame = raw_rows([request.row])
    if not frame.height:
        raise InvalidInputError("The connection has no such transaction.")
    (key,) = like_keys(frame, identified(Texts(alike(frame["merchant"]))))
    if key is None:
        raise InvalidInputError(
            "No merchant can be read of it, so no row is like it.",
            next_step="Corrections hold for a merchant and a direction of money.",
        )
    (before,) = findings_of(scope, frame, [facet.name], is_ours=request.row is None)
    said = before.get(facet.name)
    return {
        "workspace_id": str(scope.tenant), "id": new_id("feedback"), "facet": facet.name,
        "like_key": key, "merchant": frame["merchant"][0], "value": request.value,
        "amount_minor": frame["amount_minor"][0], "value_before": said and said.value,
        "connection_id": frame["connection_id"][0] or None,
        "transaction_id": request.transaction and request.transaction.id,
        "said_by": scope.principal.id, "now": utc_now(),
    }  # fmt: skip


def keep(scope: TenantScope, rows: Rows, correction: dict[str, Any]) -> Feedback:
    """Keep a correction; it answers from the moment that this transaction ends."""
    row = rows.execute(queries.INSERT, correction).fetchone()
    assert row is not None
    # Not the row's own text: that goes with its connection, and the log stays.
    record(
        rows, scope, "enrichment.corrected", row["id"], facet=correction["facet"],
        before=correction["value_before"], after=correction["value"],
    )  # fmt: skip
    return Feedback(**row)
