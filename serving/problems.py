"""What does a failed request answer? An RFC 9457 problem, of one shape for every error.

`type` names the kind of problem (a URN that ends in `code`), `next_step` says what to do, and
`request_id` finds the request in the logs. Errors of ours with a status of 500 or 503 keep their
detail to the log: it may hold SQL or an address.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from core.errors import EngineUnavailableError, InvalidInputError, OppulenceError
from core.logs import get_logger, redact

MEDIA_TYPE = "application/problem+json"
SHOWN_ERRORS = 20
_LOG = get_logger("serving")

# Refusals of the framework itself: status -> (code, title, next step)
_FRAMEWORK = {
    404: ("not_found", "Not found", "See /docs for the paths that exist."),
    405: ("method_not_allowed", "Method not allowed", "See the Allow header, or /docs."),
    414: ("address_too_long", "The address is too long", "Send the filters as a JSON body."),
    431: ("headers_too_large", "The headers are too large", "Send fewer or shorter headers."),
    413: ("body_too_large", "The request's body is too large", "Send less in one request."),
}


class FieldProblem(BaseModel):
    """One part of the input that is not valid."""

    location: str = Field(description="Where: `query.limit`, `body.name`", examples=["query.limit"])
    message: str = Field(description="What is wrong with it")


class Problem(BaseModel):
    """An error, after RFC 9457 (application/problem+json)."""

    type: str = Field(examples=["urn:oppulence:problem:not_found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="What happened, this time")
    code: str = Field(description="Stable word for programs", examples=["not_found"])
    instance: str = Field(description="The path that was asked", examples=["/v1/transactions"])
    request_id: str = Field(examples=["req_5k2m8"])
    next_step: str = Field(description="What to do about it")
    errors: list[FieldProblem] | None = Field(default=None, description="The fields, if it is them")
    quota: str | None = Field(default=None, description="Of `quota_exceeded`: which one")
    findings: list[dict[str, Any]] | None = Field(
        default=None,
        description="Of `flow_faulty` and `template_faulty`: what was found, and where",
    )
    engines: dict[str, Any] | None = Field(default=None, description="Of /ready: each one's state")


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Render a problem."""
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )


def unexpected_problem(path: str, request_id: str) -> Problem:
    """Return the problem of a failure that nobody foresaw, without a word of its cause."""
    return Problem(
        type=f"urn:oppulence:problem:{OppulenceError.code}",
        title=OppulenceError.title,
        status=500,
        detail="The request failed inside the platform; it has been logged.",
        code=OppulenceError.code,
        instance=path,
        request_id=request_id,
        next_step="Try again; if it persists, report the request_id.",
    )


def refused_problem(status: int, method: str, path: str, request_id: str) -> Problem:
    """Return the problem of a request that no handler is there for, by HTTP status."""
    code, title, next_step = _FRAMEWORK.get(
        status, ("refused", "The request was refused", "See /docs.")
    )
    return Problem(
        type=f"urn:oppulence:problem:{code}",
        title=title,
        status=status,
        detail=f"{method} {path}: {title.lower()}.",
        code=code,
        instance=path,
        request_id=request_id,
        next_step=next_step,
    )


def problem_of(error: OppulenceError, request: Request) -> Problem:
    """Return the problem that speaks for one of our errors."""
    request_id = request.state.exchange.request_id
    if error.status == 500:
        return unexpected_problem(request.url.path, request_id)
    detail, next_step = error.detail, error.next_step
    if isinstance(error, EngineUnavailableError):
        detail = "A data engine that this request needs does not answer at the moment."
        next_step = "Try again in a few seconds; GET /ready shows each engine's state."
    return Problem(
        type=f"urn:oppulence:problem:{error.code}",
        title=error.title,
        status=error.status,
        detail=redact(detail),
        code=error.code,
        instance=request.url.path,
        request_id=request_id,
        next_step=next_step,
        quota=getattr(error, "quota", None),
        findings=getattr(error, "findings", None),
    )


def add_problem_handlers(application: FastAPI) -> None:
    """Have every error of the application answered as a problem."""
    application.add_exception_handler(OppulenceError, foreseen)
    application.add_exception_handler(RequestValidationError, _invalid)
    application.add_exception_handler(HTTPException, _refused)
    application.add_exception_handler(Exception, _unforeseen)  # logged by serving.exchange


def foreseen(request: Request, error: Exception) -> JSONResponse:
    """Answer one of our errors."""
    assert isinstance(error, OppulenceError)
    problem = problem_of(error, request)
    if error.status >= 500:
        _LOG.error("request_failed", request_id=problem.request_id, code=error.code, exc_info=error)
    return problem_response(problem, getattr(error, "headers", None))


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problem = problem_of(
        InvalidInputError(
            "Some of the input is not valid; see errors.",
            next_step="Correct the named fields; /docs shows what each takes.",
        ),
        request,
    )
    # Only place and reason: the value itself may be a secret, and the caller has it.
    problem.errors = [
        FieldProblem(location=".".join(str(part) for part in found["loc"]), message=found["msg"])
        for found in error.errors()[:SHOWN_ERRORS]
    ]
    return problem_response(problem)


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:  # the framework's word for a body whose bytes are not UTF-8
        unreadable = InvalidInputError("The body is not JSON in UTF-8.", next_step="See /docs.")
        return problem_response(problem_of(unreadable, request))
    problem = refused_problem(
        error.status_code, request.method, request.url.path, request.state.exchange.request_id
    )
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_allowed_methods(request))
    return problem_response(problem, headers)


def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    request_id = request.state.exchange.request_id
    return problem_response(unexpected_problem(request.url.path, request_id))


def _allowed_methods(request: Request) -> list[str]:
    """Return every method of the path: the framework names those of the first route only."""
    asked = {"type": "http", "path": request.scope["path"], "root_path": "", "headers": []}
    return [
        method
        for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
        if any(
            route.matches(asked | {"method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]
