"""What are a session, a link, a begun sign-in known by? 256 random bits; we keep a keyed hash.

As with API keys no slow hash is needed: nobody guesses 256 bits, and HMAC-SHA256 under
`OPPULENCE_API_KEY_SECRET` makes the stored hashes worth nothing by themselves.
"""

import hashlib
import hmac
import secrets


def new_token() -> str:
    """Return a new random token, fit for a cookie or a link."""
    return secrets.token_urlsafe(32)


def hash_token(token: str, secret: str) -> bytes:
    """Return what is stored of a token."""
    return hmac.digest(secret.encode(), b"token|" + token.encode(), hashlib.sha256)
