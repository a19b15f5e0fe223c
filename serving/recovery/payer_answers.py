"""How is a payer answered? In pages of the merchant's colour, without scripts, kept by nobody.

The token in the address is the capability: no cookie is set, so there is no form to forge, and the
address leaves in no referrer. Forms lead nowhere else: to the provider's page, which may have the
merchant's own domain, leads a page that goes on by itself.
"""

import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from core.errors import OppulenceError
from core.logs import get_logger
from recovery.messages.rendering import Brand
from recovery.payer.phrases import phrases
from serving.web.pages import TEMPLATES

_LOG = get_logger("serving")


class PayerRoute(APIRoute):
    """A route that answers in pages, its failures too, in the browser's language."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except OppulenceError as error:
                if error.status >= 500:
                    _LOG.error("request_failed", code=error.code, exc_info=error)
                language = spoken(request)
                words = phrases(language)
                known = error.status < 500
                return said(
                    Brand(" "),
                    language,
                    words.gone_title if known else words.unavailable,
                    words.gone if known else "",
                    status=error.status,
                    headers=getattr(error, "headers", None),
                )
            except RequestValidationError:
                words = phrases(language := spoken(request))
                return said(Brand(" "), language, words.gone_title, words.gone, status=404)

        return answer


def spoken(request: Request) -> str:
    """Return the first of the browser's languages that the pages speak, else English."""
    for part in request.headers.get("accept-language", "").split(","):
        language = part.split(";")[0].split("-")[0].strip().lower()
        if language in ("en", "de", "fr", "es"):
            return language
    return "en"


def page(
    template: str, brand: Brand, language: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """Fill in one of the payer's pages."""
    nonce = secrets.token_urlsafe(16)
    filled = TEMPLATES.get_template(template).render(
        brand=brand, language=language, nonce=nonce, **values
    )
    return HTMLResponse(filled, status_code=status, headers=_headers(nonce))


def said(
    brand: Brand,
    language: str,
    title: str,
    text: str,
    *,
    status: int = 200,
    button: str = "",
    action: str = "",
    headers: dict[str, str] | None = None,
) -> HTMLResponse:
    """Say one thing, with one button at most."""
    response = page(
        "payer_said.html", brand, language, status=status, title=title, text=text, button=button,
        action=action,
    )  # fmt: skip
    response.headers.update(headers or {})
    return response


def away(brand: Brand, language: str, address: str) -> HTMLResponse:
    """Lead to another's page: at once, or by its link."""
    words = phrases(language)
    response = page(
        "payer_said.html", brand, language, title=words.leaving_title, text=words.leaving,
        link=address, link_text=words.leaving_link, button="",
    )  # fmt: skip
    response.headers["Refresh"] = f"0; url={address}"
    return response


def go(address: str) -> RedirectResponse:
    """Send the browser on, by GET."""
    return RedirectResponse(address, status_code=303, headers=_headers(""))


def _headers(nonce: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'"
        f" 'nonce-{nonce}'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex",
        "Cache-Control": "no-store",
    }
