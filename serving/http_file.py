"""How does one try every operation from an editor? A `.http` file, made from the document.

The format is that of the HTTP clients in VS Code, IntelliJ and httpyac. Made on demand
(`oppulence client requests`), so it is never out of date. Postman imports /openapi.json itself.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

HEAD = """# Every operation of the Oppulence API. Set the three variables first.
@host = {host}
@key = opk_live_…
@workspace = ws_…
"""


def requests_file(document: Mapping[str, Any], host: str) -> str:
    """Return a request for each operation of an OpenAPI document, its examples filled in."""
    return "\n".join([HEAD.format(host=host), *_requests(document)])


def _requests(document: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield _request(document, path, method.upper(), operation)


def _request(document: Mapping[str, Any], path: str, method: str, operation: Any) -> str:
    examples = {(one["in"], one["name"]): _example(one) for one in operation.get("parameters", [])}
    required = {
        (one["in"], one["name"]) for one in operation.get("parameters", []) if one["required"]
    }
    for (place, name), example in examples.items():
        if place == "path":
            path = path.replace("{" + name + "}", str(example))
    query = urlencode(
        {name: value for (place, name), value in examples.items()
         if place == "query" and (place, name) in required}
    )  # fmt: skip
    address = f"{{{{host}}}}{path}" + (f"?{query}" if query else "")
    lines = [f"### {operation['summary']}", f"# @name {operation['operationId']}"]
    lines.append(f"{method} {address}")
    if any("api_key" in one for one in operation.get("security", [])):
        lines += ["Authorization: Bearer {{key}}", "X-Workspace-Id: {{workspace}}"]
    if ("header", "Idempotency-Key") in examples:
        lines.append("Idempotency-Key: {{$guid}}")
    body = None if method == "GET" else _body(document, operation)
    if body is not None:
        lines += ["Content-Type: application/json", "", json.dumps(body, indent=2)]
    return "\n".join([*lines, ""])


def _example(parameter: Mapping[str, Any]) -> Any:
    for holder in (parameter, parameter.get("schema", {})):
        for example in holder.get("examples", []):
            if example is not None:
                return example
    return parameter["name"]


def _body(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    schema = content["schema"]
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    shape = document["components"]["schemas"].get(name, schema)
    return next(iter(shape.get("examples", [])), {})
