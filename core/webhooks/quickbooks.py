"""How does QuickBooks sign a webhook, and what does it name?

Two forms of body are sent while Intuit moves to CloudEvents: `{"eventNotifications": […]}` with a
`realmId` each, and a list of events with `intuitaccountid`.
"""

from collections.abc import Sequence

import msgspec

from core.webhooks.body_hmac import verify_body_hmac
from core.webhooks.delivery import Delivery, digest

SIGNATURE_HEADER = "intuit-signature"
IS_PARKABLE = True


class _Notification(msgspec.Struct, gc=False):
    realm_id: str = msgspec.field(name="realmId", default="")


class _Notifications(msgspec.Struct, gc=False):
    notifications: list[_Notification] = msgspec.field(name="eventNotifications", default=[])


class _CloudEvent(msgspec.Struct, gc=False):
    id: str = ""
    account: str = msgspec.field(name="intuitaccountid", default="")


_BODY = msgspec.json.Decoder(_Notifications | list[_CloudEvent])


def verify(delivery: Delivery, secrets: Sequence[str], now: int) -> None:
    """Check `intuit-signature`."""
    verify_body_hmac(delivery, SIGNATURE_HEADER, secrets)


def event_id(delivery: Delivery) -> str:
    """Return a digest: one delivery holds several changes, each with its time."""
    return digest(delivery.body)


def accounts(body: bytes) -> frozenset[str]:
    """Return the companies (realms) that changed."""
    try:
        found = _BODY.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return frozenset()
    if isinstance(found, _Notifications):
        return frozenset(one.realm_id for one in found.notifications if one.realm_id)
    return frozenset(one.account for one in found if one.account)
