"""How does Plaid sign a webhook, and what does it name?

`Plaid-Verification` is a JWT. Only ES256 is taken, whatever its header says; the key is Plaid's own
of that `kid` (the caller fetches and keeps it, and passes it as a secret); the token holds the hash
of the body and the time, which may be five minutes old.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from core.webhooks.delivery import Delivery, InvalidSignatureError, digest, header

SIGNATURE_HEADER = "plaid-verification"
IS_PARKABLE = False
TOLERANCE_SECONDS = 300


class _Webhook(msgspec.Struct, gc=False):
    item_id: str | None = None


_WEBHOOK = msgspec.json.Decoder(_Webhook)


def key_id(delivery: Delivery) -> str:
    """Return the id of the key that the token claims to be signed with.

    Raises:
        InvalidSignatureError: It is no token, or of another algorithm.
    """
    head, _, _ = _token(delivery)
    found = _fields(head)
    if found.get("alg") != "ES256" or not isinstance(found.get("kid"), str):
        raise InvalidSignatureError("The token is not signed by ES256 with a named key.")
    return str(found["kid"])


def verify(delivery: Delivery, secrets: Sequence[str], now: int) -> None:
    """Check `Plaid-Verification`; a secret is a public key as JSON (a JWK)."""
    key_id(delivery)
    head, claims, signature = _token(delivery)
    raw = _decoded(signature)
    if len(raw) != 64:
        raise InvalidSignatureError("The token's signature is not one of ES256.")
    numbers = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    signed = f"{head}.{claims}".encode()
    if not any(_is_signed(secret, signed, encode_dss_signature(*numbers)) for secret in secrets):
        raise InvalidSignatureError("Plaid's key did not sign the token.")
    said = _fields(claims)
    body_hash = hashlib.sha256(delivery.body).hexdigest()
    if not hmac.compare_digest(str(said.get("request_body_sha256", "")), body_hash):
        raise InvalidSignatureError("The token is for another body.")
    at = said.get("iat")
    if not isinstance(at, int) or abs(now - at) > TOLERANCE_SECONDS:
        raise InvalidSignatureError(f"The token is not of the last {TOLERANCE_SECONDS} s.")


def event_id(delivery: Delivery) -> str:
    """Return a digest of body and token: Plaid says the same words of every new change."""
    return digest(delivery.body, delivery.headers.get(SIGNATURE_HEADER, "").encode())


def accounts(body: bytes) -> frozenset[str]:
    """Return the item that the webhook is about."""
    try:
        item = _WEBHOOK.decode(body).item_id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return frozenset()
    return frozenset({item} if item else ())


def _token(delivery: Delivery) -> tuple[str, str, str]:
    parts = header(delivery, SIGNATURE_HEADER).split(".")
    if len(parts) != 3 or not all(part.isascii() for part in parts):
        raise InvalidSignatureError("The header is no token.")
    return parts[0], parts[1], parts[2]


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSignatureError("The token is not readable.") from None


def _fields(part: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(_decoded(part))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidSignatureError("The token is not readable.") from None
    return found if isinstance(found, dict) else {}


def _is_signed(jwk: str, signed: bytes, signature: bytes) -> bool:
    try:
        _public_key(jwk).verify(signature, signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _public_key(jwk: str) -> EllipticCurvePublicKey:
    fields = msgspec.json.decode(jwk.encode())
    try:
        if (fields["kty"], fields["crv"]) != ("EC", "P-256"):
            raise ValueError
        x, y = (int.from_bytes(_decoded(fields[name]), "big") for name in ("x", "y"))
        return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    except (KeyError, TypeError, ValueError):
        raise InvalidSignatureError("Plaid's key is not one of P-256.") from None
