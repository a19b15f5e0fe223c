"""Who may ask this sandbox? One application, whose key it makes for itself.

`application(folder)` gives its id and the file of its private key, made when first asked for, to
whoever starts the sandbox or connects to it. Tokens are checked as Enable Banking documents them.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

APPLICATION_ID = str(uuid.UUID("6f1c2c1e-8d0f-4b57-9a55-0c6d1f5b7a10"))
LONGEST_TOKEN = 86_400
_FILE = "application.pem"


@dataclass(frozen=True, slots=True)
class Application:
    """An application and where its key is."""

    id: str
    key_file: Path


def application(data: Path) -> Application:
    """The application of a sandbox's data folder; its key is made when there is none."""
    file = data / "enablebanking" / _FILE
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        key = generate_private_key(public_exponent=65_537, key_size=2_048)
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        part = file.with_suffix(".part")
        part.write_bytes(text)
        part.chmod(0o600)
        part.rename(file)
    return Application(APPLICATION_ID, file)


def is_good_token(text: str, folder: Path, now: int) -> bool:
    """Whether the application signed a token that holds at a real second.

    Args:
        text: The token.
        folder: The provider's own folder.
        now: The real second: callers do not know the sandbox's clock.
    """
    file = folder / _FILE
    try:
        head, claims, signature = text.split(".")
        known, said = _part(head), _part(claims)
        key = _key(file)
        key.public_key().verify(
            _bytes(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256()
        )
        begins, ends = int(said["iat"]), int(said["exp"])
    except (ValueError, KeyError, OSError, InvalidSignature, binascii.Error):
        return False
    return (
        (known.get("alg"), known.get("typ"), known.get("kid")) == ("RS256", "JWT", APPLICATION_ID)
        and (said.get("iss"), said.get("aud")) == ("enablebanking.com", "api.enablebanking.com")
        and begins <= now + 60
        and now < ends <= begins + LONGEST_TOKEN
    )


@lru_cache(maxsize=8)
def _key(file: Path) -> RSAPrivateKey:
    key = load_pem_private_key(file.read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


def _part(text: str) -> dict[str, Any]:
    found = json.loads(_bytes(text))
    if not isinstance(found, dict):
        raise ValueError("a part of a token is an object")
    return found


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
