"""Which Slack channel do alerts go to? Set and forgotten; the same for the API and the page."""

from core.clock import utc_now
from core.database import Rows
from recovery.store import slack
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.recovery.slack_schemas import SlackChannel, SlackRequest


def channel(scope: TenantScope, rows: Rows) -> SlackChannel:
    """Return whether there is one, since when and by whom."""
    held = slack.held(rows, str(scope.tenant))
    return SlackChannel(is_set=False) if held is None else SlackChannel(is_set=True, **held)


def put(scope: TenantScope, rows: Rows, request: SlackRequest) -> SlackChannel:
    """Keep a channel's webhook, or forget it."""
    workspace, url = str(scope.tenant), request.webhook_url
    if url is None:
        slack.remove(rows, workspace)
        record(rows, scope, "recovery_slack.removed", workspace)
    else:
        sealed = scope.seal(url, purpose=slack.PURPOSE)
        slack.put(rows, workspace, sealed, utc_now(), scope.principal.name)
        record(rows, scope, "recovery_slack.set", workspace)
    return channel(scope, rows)
