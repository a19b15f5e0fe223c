"""What does a browser keep for us? Six cookies, none readable by another site.

Over https they are `Secure` and carry the `__Host-` prefix, so that no other host of the domain can
plant one. Scripts may read none but the one that repeats the CSRF token.
"""

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from core.settings import Settings

CookieName = Literal["session", "visit", "sign_in", "invitation", "csrf", "known"]
_READABLE: frozenset[CookieName] = frozenset({"csrf"})


def cookie_name(settings: Settings, name: CookieName) -> str:
    """Return the name that the browser knows."""
    return f"{'__Host-' if is_secure(settings) else ''}oppulence_{name}"


def is_secure(settings: Settings) -> bool:
    """Say whether browsers come by https."""
    return settings.public_address.startswith("https://")


def read_cookie(request: Request, settings: Settings, name: CookieName) -> str:
    """Return a cookie's value, empty where there is none."""
    return request.cookies.get(cookie_name(settings, name), "")


def set_cookie(
    response: Response, settings: Settings, name: CookieName, value: str, *, seconds: int
) -> None:
    """Have the browser keep a value for some time."""
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=seconds,
        path="/",
        secure=is_secure(settings),
        httponly=name not in _READABLE,
        samesite="lax",
    )


def forget_cookie(response: Response, settings: Settings, name: CookieName) -> None:
    """Have the browser drop a value."""
    response.delete_cookie(
        cookie_name(settings, name),
        path="/",
        secure=is_secure(settings),
        httponly=name not in _READABLE,
        samesite="lax",
    )
