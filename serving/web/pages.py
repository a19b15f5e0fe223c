"""How does a page come to be? A template, filled in, sent with headers that forbid all else.

No page loads anything from another host or may be framed, and scripts run only where a page says
so, from our own files. Whatever a page's form sends is checked for forgery before its handler sees
it, for every route of `PageRoute`.
"""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.errors import InvalidInputError, OppulenceError
from core.logs import get_logger
from serving.auth.cookies import is_secure, set_cookie
from serving.auth.csrf import SAFE_METHODS, refuse_forgery
from serving.engines import Engines
from serving.problems import problem_of
from serving.web.formats import FILTERS
from serving.web.visits import VISIT_SECONDS, NotSignedInError, Visit, anchor_of

_HERE = Path(__file__).parent
STATIC_FOLDER = _HERE / "static"
STATIC_PATH = "/static"
# `same-origin`: with no referrer at all, browsers would send `Origin: null` with our own forms.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# What a page with scripts may do besides: run ours, and ask us.
WITH_SCRIPTS = "; script-src 'self'; connect-src 'self'"
TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters.update(FILTERS)
_LOG = get_logger("serving")


def page(
    visit: Visit, template: str, *, status: int = 200, has_scripts: bool = False, **values: Any
) -> HTMLResponse:
    """Fill in a template; its forms carry the visit's CSRF token."""
    filled = TEMPLATES.get_template(template).render(
        csrf_token=visit.csrf_token, is_signed_in=visit.session is not None, **values
    )
    response = HTMLResponse(filled, status_code=status)
    _guard(response, visit.engines)
    if has_scripts:
        response.headers["Content-Security-Policy"] += WITH_SCRIPTS
    if visit.is_new:
        set_cookie(response, visit.settings, "visit", visit.anchor, seconds=VISIT_SECONDS)
    return response


def go(path: str) -> RedirectResponse:
    """Send the browser to another page of ours, by GET."""
    return RedirectResponse(path, status_code=303, headers=dict(HEADERS))


class PageRoute(APIRoute):
    """A route that answers in pages, its failures too, and takes no forged form."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            engines: Engines = request.state.engines
            try:
                if request.method not in SAFE_METHODS:
                    form = await request.form()
                    refuse_forgery(
                        request,
                        engines.settings,
                        anchor=anchor_of(request, engines.settings),
                        token=str(form.get("csrf_token", "")),
                        secret=engines.api_key_secret,
                    )
                return await handle(request)
            except NotSignedInError:
                return go("/sign_in")
            except OppulenceError as error:
                return _problem_page(request, error)
            except RequestValidationError:
                wrong = InvalidInputError(
                    "Some of what was sent cannot be understood.",
                    next_step="Go back and correct it.",
                )
                return _problem_page(request, wrong)

        return answer


def _problem_page(request: Request, error: OppulenceError) -> Response:
    problem = problem_of(error, request)
    if error.status >= 500:
        _LOG.error("request_failed", request_id=problem.request_id, code=error.code, exc_info=error)
    else:
        _LOG.info("page_refused", request_id=problem.request_id, code=error.code, why=error.detail)
    filled = TEMPLATES.get_template("problem.html").render(problem=problem, is_signed_in=False)
    response = HTMLResponse(
        filled, status_code=error.status, headers=getattr(error, "headers", None)
    )
    _guard(response, request.state.engines)
    return response


def _guard(response: Response, engines: Engines) -> None:
    response.headers.update(HEADERS)
    if is_secure(engines.settings):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
