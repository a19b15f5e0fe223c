"""Who is left alone, since when and why? Addresses by hash, found by typing one."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Response
from pydantic import ValidationError

from core.errors import ConflictError
from recovery.payer.addresses import address_hash
from recovery.payer.suppressing import WISHES
from serving.auth.scope import TenantScope
from serving.recovery import suppression_actions as actions
from serving.recovery.suppression_schemas import (
    Channel,
    Reason,
    SuppressionChange,
    SuppressionRequest,
)
from serving.recovery_pages.listing import ROWS, listing
from serving.recovery_pages.shell import PREFIX, base_of, shell
from serving.web.pages import PageRoute, go
from serving.web.visits import AnyVisit, RecoveryAct, RecoveryLook, Visit

router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix=f"{PREFIX}/suppressions")

REASONS = {
    "unsubscribed": "Asked to be left alone",
    "complained": "Complained",
    "bounced": "Mail came back",
    "by_hand": "Added by hand",
}
CHANNELS = {"email": "Email", "sms": "Text message"}
_NOTICES = {
    "added": "Nothing more is sent there.",
    "lifted": "Messages go there again. The audit log keeps who lifted it, and why.",
}
Hash = Annotated[str, Query(pattern=r"^([0-9a-f]{64})?$")]


@router.get("")
def get_suppressions(
    visit: AnyVisit,
    scope: RecoveryLook,
    channel: Annotated[Literal["", Channel], Query()] = "",
    reason: Annotated[Literal["", Reason], Query()] = "",
    address_hash: Hash = "",
    done: Annotated[Literal["", "added", "lifted"], Query()] = "",
    cursor: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """List them, newest first, filtered by a form that needs no script."""
    chosen = {"channel": channel, "reason": reason, "address_hash": address_hash}
    return _show(visit, scope, chosen, cursor=cursor, notice=_NOTICES.get(done, ""))


@router.post("/find")
def post_find(scope: RecoveryLook, address: Annotated[str, Form(max_length=254)] = "") -> Response:
    """Look for an address: typed in a form, since an address belongs into no URL."""
    found = f"?address_hash={address_hash(address)}" if address.strip() else ""
    return go(f"{base_of(scope)}/suppressions{found}")


@router.post("")
def post_suppression(
    visit: AnyVisit,
    scope: RecoveryAct,
    address: Annotated[str, Form(max_length=1000)] = "",
    channel: Annotated[Channel, Form()] = "email",
    reason: Annotated[Reason, Form()] = "by_hand",
) -> Response:
    """Leave an address alone."""
    try:
        request = SuppressionRequest(channel=channel, address=address, reason=reason)
    except ValidationError:
        told = "Mail goes to name@domain; a number says its country, such as +49 170 1234567."
        return _show(visit, scope, {}, problem=told, status=422)
    with scope.transaction() as rows:
        actions.create(scope, rows, request)
    return go(f"{base_of(scope)}/suppressions?done=added")


@router.post("/{channel}/{name}/changes")
def post_change(
    visit: AnyVisit,
    scope: RecoveryAct,
    channel: Channel,
    name: str,
    because: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Write to an address again; a wish is undone for a stated ground only."""
    try:
        request = SuppressionChange(do="release", because=because.strip() or None)
    except ValidationError:
        told = "Say why in one line of 10 to 300 characters."
        return _show(visit, scope, {"address_hash": name}, problem=told, status=422)
    try:
        with scope.transaction() as rows:
            actions.change(scope, rows, channel, name, request)
    except ConflictError as error:
        told = f"{error.detail} {error.next_step}"
        return _show(visit, scope, {"address_hash": name}, problem=told, status=error.status)
    return go(f"{base_of(scope)}/suppressions?done=lifted")


def _show(
    visit: Visit,
    scope: TenantScope,
    chosen: dict[str, str],
    *,
    cursor: str = "",
    notice: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    with scope.transaction() as rows:
        found = actions.suppressions_of(
            rows, ROWS, cursor or None, channel=chosen.get("channel") or None,
            reason=chosen.get("reason") or None, name=chosen.get("address_hash") or None,
        )  # fmt: skip
    return shell(
        visit, scope, "suppressions", "recovery/suppressions.html", status=status,
        list=listing(found, chosen, cursor, actions.cursor_of), reasons=REASONS,
        channels=CHANNELS, wishes=WISHES, notice=notice, problem=problem,
    )  # fmt: skip
