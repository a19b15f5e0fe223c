"""Which requests need no application? Those that a lane understands, of callers that are known.

What protects stays as it is: the key is still known and may do this, the limits count the request,
the usage too, and the state of the data is asked for anew. Then the answer is one that was given
before, one that a lane makes of rows at hand, or one that it asks ClickHouse for, all on the
server's loop. Whatever is missing, the application answers, as if this were not here.

Requests that were understood before (the same bytes of path, query, workspace and credentials) are
not even parsed again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from core.clock import utc_now
from core.errors import InvalidInputError, OppulenceError
from core.tenancy import TenantId
from serving.answers import AnswerCache
from serving.auth.key_cache import KeyCache
from serving.auth.key_store import ApiKey
from serving.auth.keys import hash_key
from serving.auth.permissions import Permission
from serving.caching import VARY, kept_as, matches, tag_of
from serving.exchange import Exchange
from serving.problems import foreseen
from serving.rate_limits import RateLimitedError, RateLimiter, windows
from serving.states import DATA_AS_OF_HEADER, State, StateReader
from serving.usage.book import UsageBook

KNOWN_QUESTIONS = 5_000
# What a request may not have here: a body, or another proof than a key.
_ELSEWHERE = frozenset({b"cookie", b"content-length", b"transfer-encoding"})
_ASKED = frozenset({b"authorization", b"x-workspace-id", b"if-none-match"})


class Asked(Protocol):
    """What a lane has understood."""

    @property
    def question(self) -> bytes:
        """What stands for it, but for the data."""
        ...


class Lane(Protocol):
    """What answers an operation on the server's loop (`serving.transactions.lane`)."""

    @property
    def permission(self) -> Permission:
        """What the caller must be allowed."""
        ...

    def understand(self, tenant: TenantId, query: bytes) -> Any:
        """Return an `Asked`, or None if the application must see to it."""

    def at_hand(self, tenant: TenantId, state: State, asked: Any) -> bytes | None:
        """Return the answer's JSON if it can be told at once."""

    async def make(self, tenant: TenantId, state: State, asked: Any) -> bytes | None:
        """Return the answer's JSON; None if that is the application's."""


class Ticket(NamedTuple):
    """What one request has in common with another that asks the same: bytes, and the key's hash."""

    path: bytes
    query: bytes
    workspace: bytes
    key: bytes


class Known(NamedTuple):
    """A question that was understood."""

    tenant: TenantId
    asked: Asked


@dataclass
class FastLane:
    """Wraps the application, within `serving.exchange`.

    Args:
        application: What answers everything else.
        lanes: By path, the name of the lane in the server's state.
    """

    application: ASGIApp
    lanes: Mapping[str, str] = field(default_factory=dict)
    _known: OrderedDict[Ticket, Known] = field(default_factory=OrderedDict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at once, or let the application answer."""
        name = self.lanes.get(scope.get("path", "")) if scope["type"] == "http" else None
        if name is None or scope["method"] != "GET":
            await self.application(scope, receive, send)
            return
        try:
            answer = await self._answer(scope, scope["state"][name])
        except OppulenceError as error:
            await foreseen(Request(scope), error)(scope, receive, send)
            return
        if answer is None:
            await self.application(scope, receive, send)
            return
        status, headers, body = answer
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, lane: Lane) -> "_Answer | None":
        ticket, if_none_match = _ticket(scope)
        key = None if ticket is None else _caller(scope, ticket, lane.permission)
        if ticket is None or key is None:
            return None
        known = self._known.get(ticket) or self._understood(lane, ticket)
        if known is None:
            return None
        tenant, asked = known
        exchange: Exchange = scope["state"]["exchange"]
        states: StateReader = scope["state"]["states"]
        state_asked = states.ask(tenant)  # while the limits are looked at
        await _admit(scope, tenant, key)
        state = await asyncio.shield(state_asked)
        tag = tag_of(asked.question, state.text)
        if matches(if_none_match, tag):
            return 304, _headers(exchange, tag, state), b""
        body = await _body(scope, lane, known, state, kept_as(tenant, tag))
        if body is None:
            exchange.state = state
            return None
        headers = _headers(exchange, tag, state)
        headers += [
            (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)),
        ]  # fmt: skip
        return 200, headers, body

    def _understood(self, lane: Lane, ticket: Ticket) -> Known | None:
        try:
            tenant = TenantId(ticket.workspace.decode("latin-1"))
        except InvalidInputError:
            return None
        asked = lane.understand(tenant, ticket.query)
        if asked is None:
            return None
        known = self._known[ticket] = Known(tenant, asked)
        while len(self._known) > KNOWN_QUESTIONS:
            self._known.popitem(last=False)
        return known


_Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


def _ticket(scope: Scope) -> tuple[Ticket | None, str]:
    """Return what a request is known by, and its `If-None-Match`; None if it belongs elsewhere."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _ELSEWHERE or (name in _ASKED and name in found):
            return None, ""
        found[name] = value
    workspace, key = found.get(b"x-workspace-id"), found.get(b"authorization", b"")
    if not workspace or not key.startswith(b"Bearer "):
        return None, ""
    keys: KeyCache = scope["state"]["keys"]
    hashed = hash_key(key[7:].decode("latin-1"), keys.secret)
    asked = scope["raw_path"], scope["query_string"]
    return Ticket(*asked, workspace, hashed), found.get(b"if-none-match", b"").decode("latin-1")


def _caller(scope: Scope, ticket: Ticket, permission: Permission) -> ApiKey | None:
    """Return the key if it is known to be good for this."""
    keys: KeyCache = scope["state"]["keys"]
    key = keys.remembered((ticket.workspace.decode("latin-1"), ticket.key))
    if key is None or not key.is_usable(utc_now()) or permission not in key.scopes:
        return None
    return key


async def _body(scope: Scope, lane: Lane, known: Known, state: State, kept: str) -> bytes | None:
    """Return the answer's JSON from wherever it is had with the least work."""
    answers: AnswerCache = scope["state"]["answers"]
    exchange: Exchange = scope["state"]["exchange"]
    body = answers.at_hand(kept)
    if body is None:
        body = lane.at_hand(known.tenant, state, known.asked)
    if body is None:
        body = await answers.fetch(kept)
    if body is not None:
        exchange.facts["cached"] = True
        return body
    body = await lane.make(known.tenant, state, known.asked)
    if body is not None:
        answers.keep_on_loop(kept, body)
    return body


async def _admit(scope: Scope, tenant: TenantId, key: ApiKey) -> None:
    """Count the request.

    Raises:
        RateLimitedError: It is one too many.
    """
    exchange: Exchange = scope["state"]["exchange"]
    limiter: RateLimiter = scope["state"]["limiter"]
    usage: UsageBook = scope["state"]["usage"]
    exchange.facts.update(workspace_id=str(tenant), caller_id=key.id)
    limits = windows(str(tenant), key.id, "read", key.workspace_limit)
    try:
        if not limiter.admit_at_once(exchange, limits):
            await run_in_threadpool(limiter.admit, exchange, limits)
    except RateLimitedError:
        usage.count(tenant, key.id, "read", is_limited=True)
        raise
    usage.count(tenant, key.id, "read")
    exchange.is_admitted = True


def _headers(exchange: Exchange, tag: str, state: State) -> list[tuple[bytes, bytes]]:
    if state.as_of is not None:
        exchange.headers[DATA_AS_OF_HEADER] = state.as_of
    return [
        (b"etag", b'"%b"' % tag.encode()), (b"cache-control", b"private, no-cache"),
        (b"vary", VARY.encode()),
    ]  # fmt: skip
