"""Where do alerts for the merchant's own people go? `/v1/recovery/slack`."""

from fastapi import APIRouter

from serving.auth.scope import RecoveryRead, RecoveryWrite
from serving.recovery import slack_actions as actions
from serving.recovery.slack_schemas import SlackChannel, SlackRequest

router = APIRouter(prefix="/v1/recovery/slack", tags=["recovery"])


@router.get("", summary="Get the Slack channel", operation_id="get_recovery_slack")
def get_slack(scope: RecoveryRead) -> SlackChannel:
    """Say whether messages of flows over Slack reach a channel; its address is not shown."""
    with scope.transaction() as rows:
        return actions.channel(scope, rows)


@router.put(
    "",
    summary="Set the Slack channel",
    operation_id="put_recovery_slack",
)
def put_slack(scope: RecoveryWrite, request: SlackRequest) -> SlackChannel:
    """Send alerts to a channel's incoming webhook from the next one on; null forgets it."""
    with scope.transaction() as rows:
        return actions.put(scope, rows, request)
