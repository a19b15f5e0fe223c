"""What is a delivery, and what must be known of each provider's? The protocol of the modules here.

A signature is over the raw body. Comparisons take constant time, every secret is tried (several
hold while they are rotated), algorithms are pinned, and a delivery that is too old is refused.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.errors import UnauthenticatedError


class InvalidSignatureError(UnauthenticatedError):
    """The delivery is not signed by its provider with a secret of this connection."""

    code = "invalid_signature"
    title = "The signature is not valid"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, next_step="Check the webhook secret of the connection.")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request as it arrived: `headers` by lower-case name, and the raw body."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Scheme(Protocol):
    """What a provider's module knows.

    Attributes:
        SIGNATURE_HEADER: Where the signature stands, in lower case.
        IS_PARKABLE: Whether a delivery for an unknown connection may be kept and answered with a
            success. Not where the provider checks that unsigned deliveries are refused.
    """

    SIGNATURE_HEADER: str
    IS_PARKABLE: bool

    def verify(self, delivery: Delivery, secrets: Sequence[str], now: int) -> None:
        """Check the signature.

        Args:
            delivery: What came.
            secrets: Those that hold now, in any order.
            now: Seconds since the epoch.

        Raises:
            InvalidSignatureError: None of the secrets made it, or it is too old.
        """

    def event_id(self, delivery: Delivery) -> str:
        """Return what makes a repetition of this delivery one: the provider's id or a digest."""

    def accounts(self, body: bytes) -> frozenset[str]:
        """Return the provider's accounts that the body names; empty if it names none."""


def digest(*parts: bytes) -> str:
    """Return the name of a delivery that has no id of its own."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    return "sha256_" + whole.hexdigest()[:40]


def matches(given: Sequence[bytes], expected: Sequence[bytes]) -> bool:
    """Say whether one of the given signatures is one of the expected; the time tells nothing."""
    found = False
    for one in expected:
        for other in given:
            found |= hmac.compare_digest(one, other)
    return found


def header(delivery: Delivery, name: str) -> str:
    """Return a header that must be there.

    Raises:
        InvalidSignatureError: It is not.
    """
    text = delivery.headers.get(name, "")
    if not text:
        raise InvalidSignatureError(f"The header {name} is missing.")
    return text


def delivery_id(scheme: Scheme, delivery: Delivery) -> str:
    """Return what makes a repetition of this delivery one, fit for any store."""
    found = scheme.event_id(delivery)
    is_plain = found.isascii() and found.isprintable()
    return found if is_plain else digest(delivery.body)
