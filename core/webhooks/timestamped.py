"""How is `t=…,v1=…` checked? HMAC-SHA256, in hex, over the time and the body (Stripe, Teller).

Several `v1` come while the sender rotates its secret; other schemes beside it are ignored.
"""

import hmac
from collections.abc import Sequence

from core.webhooks.delivery import Delivery, InvalidSignatureError, header, matches

MOST_SIGNATURES = 16


def verify_timestamped(
    delivery: Delivery, name: str, secrets: Sequence[str], now: int, tolerance: int
) -> None:
    """Check the header `name`.

    Raises:
        InvalidSignatureError: No secret made it, or its time is not within `tolerance` of `now`.
    """
    at, given = _parts(header(delivery, name))
    signed = at + b"." + delivery.body
    expected = [hmac.digest(secret.encode(), signed, "sha256").hex().encode() for secret in secrets]
    if not matches(given, expected):
        raise InvalidSignatureError(f"No secret of the connection made the {name}.")
    if abs(now - int(at)) > tolerance:
        raise InvalidSignatureError(f"The {name} is not of the last {tolerance} s.")


def _parts(text: str) -> tuple[bytes, list[bytes]]:
    at = b""
    given: list[bytes] = []
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            at = value.encode("latin-1", "replace")
        elif name == "v1" and len(given) < MOST_SIGNATURES:
            given.append(value.encode("latin-1", "replace"))
    if not (at.isdigit() and len(at) <= 15 and given):
        raise InvalidSignatureError("The signature is not of the form t=…,v1=….")
    return at, given
