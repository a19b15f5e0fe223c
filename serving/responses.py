"""How does a route declare its errors? `responses=problems(NotFoundError, ConflictError)`.

The errors that every operation of /v1 can answer (401, 403, 422, …) are declared once, in
`serving.openapi`.
"""

from typing import Any

from core.errors import OppulenceError
from serving.problems import MEDIA_TYPE


def problems(*errors: type[OppulenceError]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of these errors, each with an example."""
    return {error.status: problem_declaration(error) for error in errors}


def problem_declaration(error: type[OppulenceError]) -> dict[str, Any]:
    """Return one error as an OpenAPI response object."""
    meaning = (error.__doc__ or error.title).strip().splitlines()[0]
    example = {
        "type": f"urn:oppulence:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": meaning,
        "code": error.code,
        "instance": "/v1/…",
        "request_id": "req_5k2m8w0c1t7e9b3n6x4q0r2hz",
        "next_step": "What to do about it.",
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": error.title,
        "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
    }
