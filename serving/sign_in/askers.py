"""Who asks for a code? A browser that this person signed in with before, or somebody on a network.

Anybody may ask for codes in anybody's name. Were they counted by the named address alone, whoever
asks for a few each day would keep its owner out. So strangers share what strangers may ask for, and
a browser that has proven the address keeps an allowance that nobody else can use up.
"""

import hashlib
import hmac
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_network

from core.tokens import new_token

KNOWN = timedelta(days=180)
BROWSER, NETWORK = "browser:", "network:"


def known_browser(address: str, secret: str) -> str:
    """Return what the browser keeps of having proven an address; it does not say which."""
    token = new_token()
    return f"{token}.{_seal(address, token, secret)}"


def asker_of(address: str, cookie: str, host: str, secret: str) -> str:
    """Return who asks for a code to an address, as it is counted and kept: under a keyed hash.

    Args:
        address: Whose code.
        cookie: What `known_browser` left; empty or anything else for a stranger.
        host: The network address that the request came from.
        secret: What keys the hashes.
    """
    token, _, seal = cookie.partition(".")
    if token and hmac.compare_digest(seal.encode(), _seal(address, token, secret).encode()):
        return BROWSER + _hash(token, secret)
    with suppress(ValueError):
        # Whoever has one number of version 6 has its /64.
        host = str(ip_network(f"{host}/64", strict=False)) if ":" in host else host
    return NETWORK + _hash(host, secret)


def _seal(address: str, token: str, secret: str) -> str:
    return _hash(f"{address}|{token}", secret)


def _hash(text: str, secret: str) -> str:
    return hmac.new(secret.encode(), f"asker|{text}".encode(), hashlib.sha256).hexdigest()
