"""What does the OpenID Connect issuer publish? Its description and its keys, kept for an hour."""

import ssl
import threading
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from core.errors import ProviderError

TIMEOUT_SECONDS = 10.0
REMEMBERED_SECONDS = 3600.0
# An unknown key id may mean new keys; whoever invents ids must not make us ask every time.
KEYS_ASKED_SECONDS = 60.0


class IssuerUnavailableError(ProviderError):
    """The issuer does not answer, or not as OpenID Connect says."""

    code = "issuer_unavailable"
    title = "The sign-in service does not answer"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, next_step="Try again in a minute.")


@dataclass
class Published:
    """The documents of one issuer."""

    issuer: str
    _known: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def endpoint(self, name: str) -> str:
        """Return an address of the description.

        Raises:
            IssuerUnavailableError: There is none, or it is less safe than the issuer's own.
        """
        url = str(self.read("description").get(name, ""))
        if urlsplit(url).scheme not in {"https", urlsplit(self.issuer).scheme}:
            raise IssuerUnavailableError(f"The issuer publishes no usable {name}.")
        return url

    def read(
        self, name: Literal["description", "jwks"], seconds: float = REMEMBERED_SECONDS
    ) -> dict[str, Any]:
        """Return a document that was read no longer than `seconds` ago.

        Raises:
            IssuerUnavailableError: It cannot be read, or is another issuer's.
        """
        now = time.monotonic()
        with self._lock:
            asked_at, known = self._known.get(name, (0.0, {}))
        if known and now - asked_at < seconds:
            return known
        own = self.issuer.rstrip("/")
        is_description = name == "description"
        url = (
            f"{own}/.well-known/openid-configuration"
            if is_description
            else self.endpoint("jwks_uri")
        )
        try:
            with http_client() as http:
                fresh: dict[str, Any] = http.get(url).raise_for_status().json()
            named = str(fresh["issuer"]).rstrip("/") if is_description else own
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise IssuerUnavailableError(
                f"The issuer's {name} cannot be read: {type(error).__name__}."
            ) from error
        if named != own:
            raise IssuerUnavailableError("The issuer calls itself by another name.")
        with self._lock:
            self._known[name] = (now, fresh)
        return fresh


def http_client() -> httpx.Client:
    """Return a client for some requests to the issuer."""
    return httpx.Client(timeout=TIMEOUT_SECONDS, verify=_certificates())


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    # Reading the trusted certificates costs more than a request, so once per process.
    return ssl.create_default_context()
