"""Did our own page send this request? Asked of whatever changes something under a cookie.

Three answers must agree: the browser's `Sec-Fetch-Site`, its `Origin`, and a token that only a page
of ours could know: the keyed hash of the session's cookie (or, before sign-in, of the visit's),
sent back in the form or in `X-CSRF-Token`.
"""

import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from core.errors import ForbiddenError
from core.settings import Settings

CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ForgedRequestError(ForbiddenError):
    """The request may have been sent by another site's page."""

    code = "csrf_refused"
    title = "The request did not come from our own page"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, next_step="Open the page again and repeat what you did.")


def csrf_token(anchor: str, secret: str) -> str:
    """Return the token of a session or visit, by its cookie's value."""
    return hmac.new(secret.encode(), b"csrf|" + anchor.encode(), hashlib.sha256).hexdigest()


def refuse_forgery(
    request: Request, settings: Settings, *, anchor: str, token: str, secret: str
) -> None:
    """Check that a page of ours sent the request.

    Args:
        request: What came.
        settings: Where our pages are.
        anchor: The cookie that the token belongs to.
        token: What the form or the header sent.
        secret: `settings.api_key_secret`.

    Raises:
        ForgedRequestError: One of the three answers is wrong.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if site not in {"same-origin", "none"}:
        raise ForgedRequestError(f"The browser says that the request is {site[:20]}.")
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] not in _own_hosts(request, settings):
        raise ForgedRequestError("The request's Origin is another site.")
    expected, sent = csrf_token(anchor, secret).encode(), token.encode(errors="replace")
    if not anchor or not hmac.compare_digest(expected, sent):
        raise ForgedRequestError("The request's CSRF token is missing or out of date.")


def _own_hosts(request: Request, settings: Settings) -> set[str]:
    # A page of an attacker's name that resolves to us has no cookie of ours, so Host may be taken.
    return {urlsplit(settings.public_address).netloc, request.headers.get("Host", "")} - {""}
