"""What can be done with a dispute? Given up: it is lost, and the money stays with the customer."""

from __future__ import annotations

from sandbox.stripe.errors import invalid
from sandbox.stripe.operations.session import Fields, Session


def close(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/disputes/{id}/close."""
    dispute = session.load("dispute", identity)
    if dispute["status"] not in ("needs_response", "under_review", "warning_needs_response"):
        raise invalid("This dispute is already closed.", code="dispute_already_closed")
    session.change(dispute, {"status": "lost", "is_charge_refundable": False}, None)
    session.emit("charge.dispute.closed", dispute)
    return dispute


ROUTES = [("POST", "/v1/disputes/{id}/close", close)]
