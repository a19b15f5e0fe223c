"""Which Slack channel do alerts go to? Set and forgotten; the same for the API and the page."""

from urllib.parse import urlsplit

from core.clock import utc_now
from core.database import Rows
from core.errors import InvalidInputError
from recovery.store import slack
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.recovery.slack_schemas import SlackChannel, SlackRequest

# Elsewhere a webhook of Slack's never is: no other host is told of a workspace's payers.
HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def channel(scope: TenantScope, rows: Rows) -> SlackChannel:
    """Return whether there is one, since when and by whom."""
    held = slack.held(rows, str(scope.tenant))
    return SlackChannel(is_set=False) if held is None else SlackChannel(is_set=True, **held)


def put(
    scope: TenantScope, rows: Rows, request: SlackRequest, *, local_allowed: bool
) -> SlackChannel:
    """Keep a channel's webhook, or forget it.

    Args:
        scope: Whose.
        rows: The transaction.
        request: The address, or none.
        local_allowed: Whether this machine's own addresses are: where the sandbox is in use.

    Raises:
        InvalidInputError: It is no incoming webhook of Slack's.
    """
    workspace, url = str(scope.tenant), request.webhook_url
    if url is None:
        slack.remove(rows, workspace)
        record(rows, scope, "recovery_slack.removed", workspace)
        return channel(scope, rows)
    if not _is_slack(url, local_allowed=local_allowed):
        raise InvalidInputError(
            "That is no incoming webhook of Slack's.",
            next_step="Slack shows its address, https://hooks.slack.com/services/…, where the app"
            " “Incoming WebHooks” is added to a channel.",
        )
    sealed = scope.seal(url, purpose=slack.PURPOSE)
    slack.put(rows, workspace, sealed, utc_now(), scope.principal.name)
    record(rows, scope, "recovery_slack.set", workspace)
    return channel(scope, rows)


def _is_slack(url: str, *, local_allowed: bool) -> bool:
    try:
        parts = urlsplit(url)
        has_port = parts.port is not None
    except ValueError:
        return False
    if local_allowed and parts.hostname in _LOOPBACK:
        return parts.scheme in ("http", "https")
    is_plain = not (has_port or parts.username or parts.password)
    return parts.scheme == "https" and parts.hostname in HOSTS and is_plain and len(parts.path) > 1
