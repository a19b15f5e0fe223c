"""Must an answer be computed again? Not while the data behind it has not changed.

Each cacheable answer names the state of its tables (rows held, newest landing, sum of versions,
within the workspace), which any new row changes at once. The state is part of the ETag, and the
ETag, with the workspace before it, is the key in Redis: no invalidation, no staleness, nothing
shared between workspaces. The answer is computed after its state was read, so it may be newer than
its tag, never older. Without Redis every answer is computed; 304 works all the same.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from fastapi import Response
from pydantic import BaseModel

from core.warehouse import TenantQuery
from serving.auth.scope import TenantScope
from serving.freshness import tell_freshness

# Part of every tag: raise it when the shape of an answer changes.
SHAPE = 2
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "Nothing has changed since the answer whose ETag `If-None-Match` names"}
}


def cached(
    scope: TenantScope,
    operation: str,
    asked: Mapping[str, Any],
    newest: TenantQuery,
    make: Callable[[], BaseModel],
    *,
    include: Any = None,
) -> Response:
    """Answer 304, or with the kept answer, or with what `make` returns.

    Args:
        scope: The workspace.
        operation: The operation's id.
        asked: Everything that the answer depends on beside the data, defaults resolved.
        newest: Answers with one row on the tables behind the answer: `rows_held`, `newest_at` and
            `state`, which differs whenever the answer may.
        make: Computes the answer.
        include: Which parts of it to send, in Pydantic's way; None for all.
    """
    state = tell_freshness(scope, newest)
    named = msgspec.json.encode([SHAPE, str(scope.tenant), operation, asked, state], order="sorted")
    tag = hashlib.sha256(named).hexdigest()[:32]
    headers = {
        "ETag": f'"{tag}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie, X-Workspace-Id",
    }
    if _matches(scope.if_none_match, tag):
        return Response(status_code=304, headers=headers)
    key = f"answer|{scope.tenant}|{tag}"
    body = scope.answers.get(key)
    if body is None:
        body = make().model_dump_json(include=include).encode()
        scope.answers.keep(key, body)
    else:
        scope.exchange.facts["cached"] = True
    return Response(body, headers=headers, media_type="application/json")


def _matches(if_none_match: str, tag: str) -> bool:
    named = [text.strip().removeprefix("W/") for text in if_none_match.split(",")]
    return f'"{tag}"' in named or named == ["*"]
