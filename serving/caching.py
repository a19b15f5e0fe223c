"""Must an answer be computed again? Not while the data behind it has not changed.

Each cacheable answer names the state of its tables within the workspace, which any new row changes
at once. Question and state make the ETag, and the ETag, with the workspace before it, is the key
under which the answer is kept: no invalidation, no staleness, nothing shared between workspaces.
The answer is computed after its state was read, so it may be newer than its tag, never older.
Without Redis each worker keeps answers for itself; 304 works all the same.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from fastapi import Response
from pydantic import BaseModel

from core.tenancy import TenantId
from core.warehouse import TenantQuery
from serving.auth.scope import TenantScope
from serving.freshness import made_with_freshness
from serving.mart_states import MartState

# Part of every tag: raise it when the shape of an answer changes.
SHAPE = 3
VARY = "Authorization, Cookie, X-Workspace-Id"
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "Nothing has changed since the answer whose ETag `If-None-Match` names"}
}


def question_of(tenant: TenantId, operation: str, asked: Mapping[str, Any]) -> bytes:
    """Return what stands for a question: everything but the data that its answer depends on.

    Args:
        tenant: The workspace.
        operation: The operation's id.
        asked: The parameters, defaults resolved.
    """
    named = msgspec.json.encode([SHAPE, str(tenant), operation, asked], order="sorted")
    return hashlib.sha256(named).digest()


def tag_of(question: bytes, state: str) -> str:
    """Return the ETag, without its quotes, of the answer to a question in a state."""
    return hashlib.sha256(question + state.encode()).hexdigest()[:32]


def cached(scope: TenantScope, question: bytes, state: str, make: Callable[[], bytes]) -> Response:
    """Answer 304, or with the kept answer, or with what `make` returns.

    Args:
        scope: The workspace.
        question: Of `question_of`.
        state: Differs whenever the answer may; read before `make` is called.
        make: Computes the answer's JSON.
    """
    tag = tag_of(question, state)
    headers = {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache", "Vary": VARY}
    if matches(scope.if_none_match, tag):
        return Response(status_code=304, headers=headers)
    key = kept_as(scope.tenant, tag)
    body = scope.answers.get(key)
    if body is None:
        scope.exchange.facts.pop("cached", None)  # of a state that was found to be past
        body = make()
        scope.answers.keep(key, body)
    else:
        scope.exchange.facts["cached"] = True
    return Response(body, headers=headers, media_type="application/json")


def cached_model(
    scope: TenantScope,
    operation: str,
    asked: Mapping[str, Any],
    newest: TenantQuery,
    make: Callable[[], BaseModel],
) -> Response:
    """Answer as `cached` does, with a model, in the state that a query of its marts tells.

    Args:
        scope: The workspace.
        operation: The operation's id.
        asked: Everything that the answer depends on beside the data, defaults resolved.
        newest: Answers with one row on the marts behind the answer (`serving.freshness`).
        make: Computes the answer.
    """
    question = question_of(scope.tenant, operation, asked)

    def answer(state: MartState) -> Response:
        return cached(scope, question, state.text, lambda: make().model_dump_json().encode())

    return made_with_freshness(scope, newest, answer)


def kept_as(tenant: TenantId, tag: str) -> str:
    """Return the key under which an answer is kept."""
    return f"answer|{tenant}|{tag}"


def matches(if_none_match: str, tag: str) -> bool:
    """Say whether a client has the answer already."""
    named = [text.strip().removeprefix("W/") for text in if_none_match.split(",")]
    return f'"{tag}"' in named or named == ["*"]
