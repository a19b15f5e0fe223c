"""Who are we at Enable Banking? A token that the application's own key signs, good for minutes.

RS256 by `cryptography`: header and claims as Enable Banking documents them. Nothing is asked of
anybody, so a token is made when it is needed.
"""

import base64
import json
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from core.errors import ConfigurationError
from core.settings import Settings
from linking.flow import NotConfiguredError

ISSUER, AUDIENCE = "enablebanking.com", "api.enablebanking.com"
LIFE = timedelta(minutes=15)  # Enable Banking takes up to a day


def application_headers(settings: Settings, now: datetime) -> dict[str, str]:
    """Return the headers that show who asks.

    Raises:
        NotConfiguredError: No application of ours is registered.
        ConfigurationError: The key's file cannot be read or holds no RSA key.
    """
    file = settings.enablebanking_private_key_file
    if not settings.enablebanking_application_id or file is None:
        raise NotConfiguredError(
            "No Enable Banking application is configured.",
            next_step="Set OPPULENCE_ENABLEBANKING_APPLICATION_ID and "
            "OPPULENCE_ENABLEBANKING_PRIVATE_KEY_FILE.",
        )
    token = signed_token(_key(file), settings.enablebanking_application_id, now)
    return {"Authorization": f"Bearer {token}"}


def signed_token(key: RSAPrivateKey, application_id: str, now: datetime) -> str:
    """Return a JSON web token of the application."""
    issued = int(now.timestamp())
    header = {"typ": "JWT", "alg": "RS256", "kid": application_id}
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "iat": issued,
        "exp": issued + int(LIFE.total_seconds()),
    }  # fmt: skip
    signed = f"{_part(header)}.{_part(claims)}"
    return f"{signed}.{_text(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _part(value: dict[str, Any]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@lru_cache(maxsize=4)
def _key(file: Path) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(
            f"{file.name} holds no private RSA key in PEM.",
            next_step="Point OPPULENCE_ENABLEBANKING_PRIVATE_KEY_FILE at the application's key.",
        )
    return key
