"""How does Stripe sign a webhook, and what does an event name?"""

from collections.abc import Sequence

import msgspec

from core.webhooks.delivery import Delivery, digest
from core.webhooks.timestamped import verify_timestamped

SIGNATURE_HEADER = "stripe-signature"
IS_PARKABLE = True
TOLERANCE_SECONDS = 300


class _Event(msgspec.Struct, gc=False):
    id: str = ""
    account: str | None = None


_EVENT = msgspec.json.Decoder(_Event)


def verify(delivery: Delivery, secrets: Sequence[str], now: int) -> None:
    """Check `Stripe-Signature`."""
    verify_timestamped(delivery, SIGNATURE_HEADER, secrets, now, TOLERANCE_SECONDS)


def event_id(delivery: Delivery) -> str:
    """Return the event's id."""
    try:
        return _EVENT.decode(delivery.body).id[:200] or digest(delivery.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return digest(delivery.body)


def accounts(body: bytes) -> frozenset[str]:
    """Return the connected account that a Connect platform's event is about."""
    try:
        account = _EVENT.decode(body).account
    except (msgspec.DecodeError, UnicodeDecodeError):
        return frozenset()
    return frozenset({account} if account else ())
