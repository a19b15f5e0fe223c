"""Whom do we believe when we speak TLS to others? The public authorities, read once per process.

Reading them takes some 40 ms of a core, many times what a request takes, and httpx does it for
every client that is not told whom to trust.
"""

import ssl
from functools import cache

import httpx


@cache
def trusted(*, by_environment: bool = False) -> ssl.SSLContext:
    """Return the authorities.

    Args:
        by_environment: Whether SSL_CERT_FILE and SSL_CERT_DIR take their place where they are set:
            for what an installation runs itself, perhaps with certificates of its own.
    """
    return httpx.create_ssl_context(trust_env=by_environment)
