"""How does Teller sign a webhook, and what does it name?"""

from collections.abc import Sequence

import msgspec

from core.webhooks.delivery import Delivery, digest
from core.webhooks.timestamped import verify_timestamped

SIGNATURE_HEADER = "teller-signature"
IS_PARKABLE = True
TOLERANCE_SECONDS = 180


class _Payload(msgspec.Struct, gc=False):
    enrollment_id: str | None = None


class _Webhook(msgspec.Struct, gc=False):
    id: str = ""
    payload: _Payload | None = None


_WEBHOOK = msgspec.json.Decoder(_Webhook)


def verify(delivery: Delivery, secrets: Sequence[str], now: int) -> None:
    """Check `Teller-Signature`."""
    verify_timestamped(delivery, SIGNATURE_HEADER, secrets, now, TOLERANCE_SECONDS)


def event_id(delivery: Delivery) -> str:
    """Return the webhook's id."""
    try:
        return _WEBHOOK.decode(delivery.body).id[:200] or digest(delivery.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return digest(delivery.body)


def accounts(body: bytes) -> frozenset[str]:
    """Return the enrollment that the webhook is about."""
    try:
        payload = _WEBHOOK.decode(body).payload
    except (msgspec.DecodeError, UnicodeDecodeError):
        return frozenset()
    return frozenset({payload.enrollment_id} if payload and payload.enrollment_id else ())
