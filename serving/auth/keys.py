"""What is an API key? `opk_<environment>_` + 125 random bits + a checksum; we keep a keyed hash.

The checksum (CRC-32) tells a mistyped or cut key without asking the database, and lets scanners
of leaked secrets recognise ours. It is no security: that is the randomness, and HMAC-SHA256 under
`OPPULENCE_API_KEY_SECRET`, so that the table of hashes alone is worth nothing.
"""

import hashlib
import hmac
import re
import zlib
from typing import Literal

from core.tenancy import new_id

Environment = Literal["live", "test"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_KEY = re.compile(r"(?P<body>opk_(?:live|test)_[0-9a-z]{25})(?P<checksum>[0-9a-z]{7})")
SHOWN_CHARACTERS = len("opk_live_") + 4


def mint_key(environment: Environment) -> str:
    """Return a new random key."""
    body = new_id(f"opk_{environment}")
    return body + _checksum(body)


def is_well_formed(key: str) -> bool:
    """Say whether the text can be a key of ours at all."""
    match = _KEY.fullmatch(key)
    return match is not None and match["checksum"] == _checksum(match["body"])


def shown_prefix(key: str) -> str:
    """Return the part of a key that lists may show."""
    return key[:SHOWN_CHARACTERS]


def hash_key(key: str, secret: str) -> bytes:
    """Return what is stored of a key."""
    return hmac.digest(secret.encode(), key.encode(), hashlib.sha256)


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode())
    digits = [_ALPHABET[(value >> shift) & 31] for shift in range(30, -1, -5)]
    return "".join(digits)
