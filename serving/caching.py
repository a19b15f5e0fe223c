"""Must an answer be computed again? Not while the data behind it has not changed.

Each cacheable answer names the state of its tables within the workspace, which any new row changes
at once. Question and state make the ETag, and the ETag, with the workspace before it, is the key
under which the answer is kept: no invalidation, no staleness, nothing shared between workspaces.
The answer is computed after its state was read, so it may be newer than its tag, never older.
Without Redis each worker keeps answers for itself; 304 works all the same.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from fastapi import Response
from pydantic import BaseModel

from core.tenancy import TenantId
from core.warehouse import TenantQuery
from serving.auth.scope import TenantScope
from serving.freshness import made_with_freshness
from serving.mart_states import MartState

# Part of every tag: raise it when the shape of an answer changes.
SHAPE = 4
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
    return _proved(scope, _answer(scope, question, state, make))


class _Answer(NamedTuple):
    """An answer in a state that may yet be found to be past; nothing is kept of it before."""

    response: Response
    key: str
    made: bytes | None


def _answer(scope: TenantScope, question: bytes, state: str, make: Callable[[], bytes]) -> _Answer:
    tag = tag_of(question, state)
    key = kept_as(scope.tenant, tag)
    headers = {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache", "Vary": VARY}
    if matches(scope.if_none_match, tag):
        return _Answer(Response(status_code=304, headers=headers), key, None)
    kept = scope.answers.get(key)
    made = make() if kept is None else None
    body = made if kept is None else kept
    return _Answer(Response(body, headers=headers, media_type="application/json"), key, made)


def _proved(scope: TenantScope, answer: _Answer) -> Response:
    if answer.made is not None:
        scope.answers.keep(answer.key, answer.made)
    elif answer.response.status_code == 200:
        scope.exchange.facts["cached"] = True
    return answer.response


def cached_model(
    scope: TenantScope,
    operation: str,
    asked: Mapping[str, Any],
    newest: TenantQuery,
    make: Callable[[], BaseModel],
) -> Response:
    """Answer as `cached` does, with a model, in the state that a query of its marts tells.

    What is computed is kept when its state is proved: a state of marts may come back (their rows
    are counted, and an erasure takes some), and with it an answer that was made of others.

    Args:
        scope: The workspace.
        operation: The operation's id.
        asked: Everything that the answer depends on beside the data, defaults resolved.
        newest: Asks for the states of the marts behind the answer (`serving.mart_states`).
        make: Computes the answer.
    """
    question = question_of(scope.tenant, operation, asked)

    def answer(state: MartState) -> _Answer:
        return _answer(scope, question, state.text, lambda: make().model_dump_json().encode())

    return _proved(scope, made_with_freshness(scope, newest, answer))


def kept_as(tenant: TenantId, tag: str) -> str:
    """Return the key under which an answer is kept."""
    return f"answer|{tenant}|{tag}"


def matches(if_none_match: str, tag: str) -> bool:
    """Say whether a client has the answer already."""
    named = [text.strip().removeprefix("W/") for text in if_none_match.split(",")]
    return f'"{tag}"' in named or named == ["*"]
