"""How does the issuer sign? JWTs under RS256, put together here from RSA alone.

No library of tokens is used, so that whoever checks these with one is checked by another's work.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def encoded(data: bytes) -> str:
    """Base64 as JWTs have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """One key pair and its name."""

    def __init__(self) -> None:
        """Make a new key."""
        self._key: RSAPrivateKey = generate_private_key(public_exponent=65537, key_size=2048)
        public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
        self.name = hashlib.sha256(public).hexdigest()[:16]

    def jwk(self) -> dict[str, str]:
        """The public half, as the issuer publishes it."""
        numbers = self._key.public_key().public_numbers()
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        exponent = numbers.e.to_bytes(3, "big")
        return {
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.name,
            "n": encoded(modulus), "e": encoded(exponent),
        }  # fmt: skip

    def sign(self, claims: dict[str, Any], *, name: str = "") -> str:
        """A JWT; `name` claims another key's name for it."""
        head = _part({"alg": "RS256", "typ": "JWT", "kid": name or self.name})
        text = f"{head}.{_part(claims)}"
        return f"{text}.{encoded(self._key.sign(text.encode(), PKCS1v15(), SHA256()))}"

    def sign_symmetric(self, claims: dict[str, Any]) -> str:
        """A forgery: HMAC under the published key, for whoever lets the token choose."""
        pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        text = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': self.name})}.{_part(claims)}"
        return f"{text}.{encoded(hmac.digest(pem, text.encode(), hashlib.sha256))}"

    def leave_unsigned(self, claims: dict[str, Any]) -> str:
        """A forgery: no signature at all."""
        return f"{_part({'alg': 'none', 'typ': 'JWT', 'kid': self.name})}.{_part(claims)}."


def _part(value: dict[str, Any]) -> str:
    return encoded(json.dumps(value, separators=(",", ":")).encode())
