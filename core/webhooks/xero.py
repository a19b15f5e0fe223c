"""How does Xero sign a webhook, and what does it name?

Xero tests a new address with right and wrong signatures ("intent to receive") and wants 401 for the
wrong ones, so nothing unsigned is ever answered with a success here.
"""

from collections.abc import Sequence

import msgspec

from core.webhooks.body_hmac import verify_body_hmac
from core.webhooks.delivery import Delivery, digest

SIGNATURE_HEADER = "x-xero-signature"
IS_PARKABLE = False


class _Change(msgspec.Struct, gc=False):
    tenant_id: str = msgspec.field(name="tenantId", default="")


class _Changes(msgspec.Struct, gc=False):
    events: list[_Change] = []


_CHANGES = msgspec.json.Decoder(_Changes)


def verify(delivery: Delivery, secrets: Sequence[str], now: int) -> None:
    """Check `x-xero-signature`."""
    verify_body_hmac(delivery, SIGNATURE_HEADER, secrets)


def event_id(delivery: Delivery) -> str:
    """Return a digest: the body carries its sequence numbers and a salt."""
    return digest(delivery.body)


def accounts(body: bytes) -> frozenset[str]:
    """Return the tenants that changed."""
    try:
        return frozenset(one.tenant_id for one in _CHANGES.decode(body).events if one.tenant_id)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return frozenset()
