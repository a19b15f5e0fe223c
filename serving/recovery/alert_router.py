"""Do alerts arrive? `POST /v1/recovery/alert_tests`."""

from fastapi import APIRouter, Response

from core.errors import ConflictError
from serving.auth.scope import RecoveryWrite
from serving.engines import ServerSettings
from serving.idempotency import Idempotent
from serving.recovery import alert_actions as actions
from serving.recovery.alert_schemas import AlertTest, AlertTestRequest
from serving.responses import problems

router = APIRouter(prefix="/v1/recovery/alert_tests", tags=["recovery"])


@router.post(
    "",
    summary="Send a test alert",
    operation_id="test_recovery_alert",
    response_model=AlertTest,
    responses=problems(ConflictError, actions.AlertNotTakenError),
)
def post_alert_test(
    scope: RecoveryWrite,
    request: AlertTestRequest,
    settings: ServerSettings,
    idempotency: Idempotent,
) -> Response:
    """Send an alert that says it is a test, to the Slack channel or the brand's address.

    Five an hour; each is in the audit log.
    """
    return idempotency.once_after(
        scope,
        lambda: actions.send_test(scope, request, local_allowed=settings.outbound_local),
        lambda _, sent: sent,
    )
