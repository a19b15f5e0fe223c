"""Which requests need no application? Those that were asked before, whose answer is at hand.

Who asks the same again (the same bytes of path, query, workspace and credentials) need not be
parsed, routed and validated again. What protects stays as it is: the key is still known and may do
this, the limits count the request, the usage too, and the state of the data is asked for anew.
Whatever is missing, the application answers, as if this were not here.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from core.clock import utc_now
from core.errors import OppulenceError
from core.tenancy import TenantId
from serving.answers import AnswerCache
from serving.auth.key_cache import KeyCache
from serving.auth.key_store import ApiKey
from serving.auth.keys import hash_key
from serving.auth.permissions import Permission
from serving.caching import VARY, kept_as, matches, tag_of
from serving.exchange import Exchange, Ticket
from serving.problems import problem_of, problem_response
from serving.rate_limits import RateLimitedError, RateLimiter, windows
from serving.states import DATA_AS_OF_HEADER, State, StateReader
from serving.usage.book import UsageBook

KNOWN_QUESTIONS = 10_000
# What a request may not have here: a body, or another proof than a key.
_ELSEWHERE = frozenset({b"cookie", b"content-length", b"transfer-encoding"})
_ASKED = frozenset({b"authorization", b"x-workspace-id", b"if-none-match"})


@dataclass(frozen=True, slots=True)
class Known:
    """A question that the application has understood."""

    tenant: TenantId
    question: bytes
    permission: Permission


@dataclass
class FastLane:
    """Wraps the application, within `serving.exchange`."""

    application: ASGIApp
    permission: dict[str, Permission] = field(default_factory=dict)
    _known: OrderedDict[Ticket, Known] = field(default_factory=OrderedDict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at once, or let the application answer."""
        needed = self.permission.get(scope.get("path", "")) if scope["type"] == "http" else None
        if needed is None or scope["method"] != "GET":
            await self.application(scope, receive, send)
            return
        ticket, if_none_match = _ticket(scope)
        if ticket is None:
            await self.application(scope, receive, send)
            return
        exchange: Exchange = scope["state"]["exchange"]
        exchange.learned = lambda question: self._learn(ticket, needed, question)
        known = self._known.get(ticket)
        answer = None if known is None else await _answer(scope, ticket, known, if_none_match)
        if answer is None:
            await self.application(scope, receive, send)
            return
        status, headers, body = answer
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _learn(self, ticket: Ticket, permission: Permission, question: bytes) -> None:
        tenant = TenantId(ticket.workspace.decode("latin-1"))
        self._known[ticket] = Known(tenant, question, permission)
        while len(self._known) > KNOWN_QUESTIONS:
            self._known.popitem(last=False)


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


async def _answer(scope: Scope, ticket: Ticket, known: Known, if_none_match: str) -> _Answer | None:
    state = scope["state"]
    keys: KeyCache = state["keys"]
    states: StateReader = state["states"]
    answers: AnswerCache = state["answers"]
    exchange: Exchange = state["exchange"]
    key = keys.remembered((str(known.tenant), ticket.key))
    if key is None or not key.is_usable(utc_now()) or known.permission not in key.scopes:
        return None
    asked = states.ask(known.tenant)  # while the limits are looked at
    try:
        refusal = await _admit(scope, known, key)
        if refusal is not None:
            return refusal
        found = await asyncio.shield(asked)
    except OppulenceError:
        return None  # the application meets it again, and answers
    tag = tag_of(known.question, found.text)
    if matches(if_none_match, tag):
        return 304, _headers(exchange, tag, found), b""
    body = answers.at_hand(kept_as(known.tenant, tag))
    if body is None:
        exchange.state = found
        return None
    exchange.facts["cached"] = True
    headers = _headers(exchange, tag, found)
    headers += [
        (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)),
    ]  # fmt: skip
    return 200, headers, body


async def _admit(scope: Scope, known: Known, key: ApiKey) -> _Answer | None:
    """Count the request; return the answer if it is one too many."""
    exchange: Exchange = scope["state"]["exchange"]
    limiter: RateLimiter = scope["state"]["limiter"]
    usage: UsageBook = scope["state"]["usage"]
    exchange.facts.update(workspace_id=str(known.tenant), caller_id=key.id)
    limits = windows(str(known.tenant), key.id, "read", key.workspace_limit)
    try:
        if not limiter.admit_at_once(exchange, limits):
            await run_in_threadpool(limiter.admit, exchange, limits)
    except RateLimitedError as error:
        usage.count(known.tenant, key.id, "read", is_limited=True)
        response = problem_response(problem_of(error, Request(scope)), error.headers)
        return 429, response.raw_headers, bytes(response.body)
    usage.count(known.tenant, key.id, "read")
    exchange.is_admitted = True
    return None


def _headers(exchange: Exchange, tag: str, state: State) -> list[tuple[bytes, bytes]]:
    if state.as_of is not None:
        exchange.headers[DATA_AS_OF_HEADER] = state.as_of
    return [
        (b"etag", b'"%b"' % tag.encode()), (b"cache-control", b"private, no-cache"),
        (b"vary", VARY.encode()),
    ]  # fmt: skip
