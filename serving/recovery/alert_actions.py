"""Do alerts arrive? One that says it is a test, to where the workspace's own people are told.

It goes to the Slack channel that is set, or to the address of the brand: to no other, so that
nobody can be written to with it. What was asked for is in the audit log, whatever came of it; the
log is also what counts how often.
"""

from datetime import timedelta

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, OppulenceError
from core.mail import Mail, MailNotSentError, MailUnansweredError
from recovery.channels.slack import post_alert
from recovery.senders import NotSentError, SenderUnavailableError
from recovery.store import slack
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.rate_limits import RateLimitedError
from serving.recovery.alert_schemas import AlertTest, AlertTestRequest
from serving.recovery.brand_actions import look

MOST, WITHIN = 5, timedelta(hours=1)
_SAID = "This is a test. Alerts of recovery reach you here: tasks, and what flows tell your team."
_ALONE = "select pg_advisory_xact_lock(hashtextextended(%s, 9))"
_TESTED = """
select occurred_at from audit_log
where action = 'recovery_alert.tested' and occurred_at > %s order by occurred_at limit %s
"""


class AlertNotTakenError(OppulenceError):
    """Slack or the relay did not take the alert."""

    code = "alert_not_taken"
    title = "The alert did not arrive"
    status = 502


def send_test(scope: TenantScope, request: AlertTestRequest, *, local_allowed: bool) -> AlertTest:
    """Send one alert.

    Raises:
        ConflictError: There is no channel, or no address, to send it to.
        RateLimitedError: Too many were sent within the hour.
        AlertNotTakenError: It was refused, or nobody answered.
    """
    with scope.transaction() as rows:
        to = _address(scope, rows, request)
        _count(scope, rows)
        record(rows, scope, "recovery_alert.tested", str(scope.tenant), channel=request.channel)
    page = f"{scope.public_address}/workspaces/{scope.tenant}/recovery"
    try:
        if request.channel == "slack":
            url = scope.unseal(to, purpose=slack.PURPOSE)
            said = f"*Recovery* {_SAID}\n<{page}|Open the board>"
            delivery = post_alert(url, said, local_allowed=local_allowed)["delivery"]
            return AlertTest(channel="slack", delivery=delivery, to="")
        scope.mailer().hand_over(Mail(to, "A test of recovery's alerts", f"{_SAID}\n\n{page}\n"))
    except MailUnansweredError:
        return AlertTest(channel="email", delivery="unknown", to=to)
    except (NotSentError, SenderUnavailableError, MailNotSentError) as error:
        raise AlertNotTakenError(
            error.detail, next_step="Set the channel again, or look at the relay."
        ) from error
    return AlertTest(channel="email", delivery="handed_over", to=to)


def _address(scope: TenantScope, rows: Rows, request: AlertTestRequest) -> str:
    """Return the channel's sealed address, or the brand's own."""
    if request.channel == "slack":
        sealed = slack.sealed_url(rows, str(scope.tenant))
        if sealed is None:
            raise ConflictError("No Slack channel is set.", next_step="PUT /v1/recovery/slack")
        return sealed
    to = look(rows, scope).support_email
    if "@" not in to:
        raise ConflictError("The brand names no address.", next_step="PUT /v1/recovery/brand")
    return to


def _count(scope: TenantScope, rows: Rows) -> None:
    now = utc_now()
    rows.execute(_ALONE, [str(scope.tenant)])
    sent = rows.execute(_TESTED, [now - WITHIN, MOST]).fetchall()
    if len(sent) >= MOST:
        waits = sent[0]["occurred_at"] + WITHIN - now
        raise RateLimitedError("test-alerts", max(1, int(waits.total_seconds()) + 1))
