"""Who recovers, for each Stripe account, and who hears of it? Settled by owners and admins."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Response
from pydantic import ValidationError

from core.errors import InvalidInputError, OppulenceError
from serving.auth.scope import TenantScope
from serving.recovery import settings_actions as actions
from serving.recovery import slack_actions
from serving.recovery.alert_actions import send_test
from serving.recovery.alert_schemas import AlertChannel, AlertTestRequest
from serving.recovery.brand_actions import look
from serving.recovery.settings_schemas import TermsRequest
from serving.recovery.slack_schemas import SlackRequest
from serving.recovery_pages.shell import PREFIX, base_of, shell
from serving.web.pages import PageRoute, go
from serving.web.visits import AnyVisit, RecoveryAct, RecoveryLook, Visit
from serving.words import Id

router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix=PREFIX + "/settings")

_NO_WEBHOOK = (
    "That is no incoming webhook of Slack’s. Slack shows its address,"
    " https://hooks.slack.com/services/…, where the app “Incoming WebHooks” is added to a channel."
)
_SUPPRESSED = "select count(*) as addresses from recovery_suppressions"


@router.get("")
def get_settings(
    visit: AnyVisit, scope: RecoveryLook, done: Annotated[Literal["", "saved"], Query()] = ""
) -> Response:
    """Show what is settled for each connection."""
    return _show(visit, scope, notice="Saved." if done else "")


@router.post("/slack")
def post_slack(
    visit: AnyVisit,
    scope: RecoveryAct,
    webhook_url: Annotated[str, Form(max_length=1000)] = "",
    do: Annotated[Literal["save", "remove"], Form()] = "save",
) -> Response:
    """Set the channel that hears of alerts, or forget it; the address is never shown again."""
    try:
        request = SlackRequest(webhook_url=webhook_url if do == "save" else None)
        with scope.transaction() as rows:
            slack_actions.put(scope, rows, request)
    except ValidationError:
        return _show(visit, scope, problem=_NO_WEBHOOK, status=422)
    return go(f"{base_of(scope)}/settings?done=saved")


@router.post("/alert_test")
def post_alert_test(
    visit: AnyVisit, scope: RecoveryAct, channel: Annotated[AlertChannel, Form()]
) -> Response:
    """Send a test alert, and say what became of it."""
    allowed = visit.settings.outbound_local
    try:
        sent = send_test(scope, AlertTestRequest(channel=channel), local_allowed=allowed)
    except OppulenceError as error:
        return _show(visit, scope, problem=f"{error.detail} {error.next_step}", status=error.status)
    where = sent.to or "your Slack channel"
    said = {"handed_over": "It was sent", "unknown": "It left, and nobody said it was taken"}
    return _show(visit, scope, notice=f"{said[sent.delivery]}: look at {where}.")


@router.post("/{connection_id}")
def post_settings(
    visit: AnyVisit,
    scope: RecoveryAct,
    connection_id: Id,
    owner: Annotated[Literal["provider", "oppulence"], Form()],
    timezone: Annotated[str, Form(max_length=64)],
    grace_days: Annotated[str, Form(pattern=r"^\d{0,3}$")] = "",
    is_enabled: Annotated[bool, Form()] = False,
) -> Response:
    """Settle a connection; a zone that is none is told on the page itself."""
    try:
        request = TermsRequest(
            is_enabled=is_enabled, owner=owner, timezone=timezone.strip(),
            grace_days=int(grace_days) if grace_days else None,
        )  # fmt: skip
    except ValidationError:
        problem = "Access goes on for 365 days at most."
        return _show(visit, scope, problem=problem, status=422)
    try:
        with scope.transaction() as rows:
            actions.settle(scope, rows, connection_id, request)
    except InvalidInputError as error:
        problem = f"{error.detail} {error.next_step}"
        return _show(visit, scope, problem=problem, status=error.status)
    return go(f"{base_of(scope)}/settings?done=saved")


def _show(
    visit: Visit, scope: TenantScope, *, notice: str = "", problem: str = "", status: int = 200
) -> Response:
    with scope.transaction() as rows:
        connections = actions.terms(rows)
        suppressed = rows.execute(_SUPPRESSED).fetchone()
        slack = slack_actions.channel(scope, rows)
        address = look(rows, scope).support_email
    return shell(
        visit, scope, "settings", "recovery/settings.html", status=status, notice=notice,
        problem=problem, connections=connections, suppressed=suppressed, slack=slack,
        address=address,
    )  # fmt: skip
