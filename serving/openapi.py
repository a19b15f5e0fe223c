"""What does the OpenAPI document say beyond the routes? Errors, permissions, both credentials.

FastAPI writes the document from the routes' types; this module adds what holds for every operation
of /v1 in one place: the answers 401, 403, 422, 429 … as problems, the permission it needs, and that
key or session is required together with the workspace (FastAPI would offer all as alternatives).
"""

from typing import Any

from fastapi import FastAPI

from core.errors import (
    ConflictError,
    EngineUnavailableError,
    ForbiddenError,
    InvalidInputError,
    OppulenceError,
    UnauthenticatedError,
)
from serving.auth.permissions import TABLE, Permission
from serving.auth.scope import SCOPED_PREFIX, required_permissions
from serving.problems import FieldProblem, Problem
from serving.rate_limits import RateLimitedError
from serving.responses import problem_declaration
from serving.webhooks import receiver

TITLE = "Oppulence API"
VERSION = "1.0.0"
EVERY_OPERATION: tuple[type[OppulenceError], ...] = (
    UnauthenticatedError,
    ForbiddenError,
    InvalidInputError,
    RateLimitedError,
    OppulenceError,
    EngineUnavailableError,
)
_HEADERS = {
    "X-Request-Id": "Finds this request in the logs; send your own to have it used",
}
_SCOPED_HEADERS = {
    "X-Data-As-Of": "When the newest data behind this answer was ingested (RFC 3339)",
    "RateLimit-Policy": "The limits that this request counts towards, and their windows",
    "RateLimit": "What is left of the narrower one, and in how many seconds some of it returns",
}


def add_openapi(application: FastAPI) -> None:
    """Have the application publish its document with our additions."""
    permissions = required_permissions(application)
    written = application.openapi

    def openapi() -> dict[str, Any]:
        if application.openapi_schema is None:
            application.openapi_schema = _complete(written(), permissions)
        return application.openapi_schema

    application.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _complete(
    document: dict[str, Any], permissions: dict[tuple[str, str], Permission | None]
) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for model in (FieldProblem, Problem):
        schemas[model.__name__] = model.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        schemas[model.__name__].pop("$defs", None)
    document["info"]["description"] = _description()
    document["paths"][receiver.PATH] = {"post": receiver.document()}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["responses"].pop("422", None)
            for answer in operation["responses"].values():
                answer.setdefault("headers", {}).update(_headers(_HEADERS))
            if (method.upper(), path) in permissions:
                _complete_scoped(operation, permissions[method.upper(), path])
            elif path.startswith(SCOPED_PREFIX):  # proven otherwise, as its own security says
                _declare_errors(operation)
    return document


def _complete_scoped(operation: dict[str, Any], permission: Permission | None) -> None:
    operation["security"] = [
        {"api_key": [], "workspace": []},
        {"session": [], "workspace": []},
    ]
    operation["x-required-permission"] = permission
    needed = f"Requires the permission `{permission}`." if permission else "Any proven caller."
    operation["description"] = f"{operation.get('description', '')}\n\n{needed}".strip()
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            answer["headers"].update(_headers(_SCOPED_HEADERS))
    if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", [])):
        operation["responses"].setdefault("409", problem_declaration(ConflictError))
    _declare_errors(operation)


def _declare_errors(operation: dict[str, Any]) -> None:
    for error in EVERY_OPERATION:
        operation["responses"].setdefault(str(error.status), problem_declaration(error))


def _headers(meanings: dict[str, str]) -> dict[str, Any]:
    return {
        name: {"description": meaning, "schema": {"type": "string"}}
        for name, meaning in meanings.items()
    }


def _description() -> str:
    rows = "\n".join(
        f"| `{permission}` | {grant.allows} | {', '.join(sorted(grant.roles))} |"
        for permission, grant in TABLE.items()
    )
    return (
        "Every provider's money in one shape. Send `Authorization: Bearer opk_…` and"
        " `X-Workspace-Id: ws_…` (a signed-in member's browser: its cookie and the latter);"
        " errors are RFC 9457 problems.\n\n"
        "| permission | allows | roles |\n| --- | --- | --- |\n" + rows
    )
