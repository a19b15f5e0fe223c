"""How does a request become Stripe's answer?

Keys, versions, limits, idempotency, then a list, an object or a change.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import msgspec

from sandbox.clock import Clock
from sandbox.stripe.account import Account
from sandbox.stripe.endpoints import find_list, find_retrieve
from sandbox.stripe.errors import StripeError, invalid, missing, unauthorized, unknown_url
from sandbox.stripe.expand import expand
from sandbox.stripe.forms import parse_form
from sandbox.stripe.legacy import to_legacy
from sandbox.stripe.lists import read_page
from sandbox.stripe.operations import (
    credits,
    customers,
    disputes,
    intents,
    invoices,
    payment_methods,
    refunds,
    subscriptions,
    webhook_endpoints,
)
from sandbox.stripe.operations.session import Session
from sandbox.stripe.singletons import account_object, balance_object
from sandbox.stripe.versions import is_legacy
from sandbox.stripe.webhooks import Courier
from sandbox.traffic import Limiter
from sandbox.wire import Answer, Request

_MODULES = (
    credits,
    customers,
    disputes,
    intents,
    invoices,
    payment_methods,
    refunds,
    subscriptions,
    webhook_endpoints,
)
_ROUTES = [
    (method, re.compile("^" + re.escape(path).replace(r"\{id\}", "([^/]+)") + "$"), operation)
    for module in _MODULES
    for method, path, operation in module.ROUTES
]
_VERSION = re.compile(r"^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$")
_REMEMBERED = 24 * 3_600
# `rk_test_northwind_<account>_<any name>`: each has its own limit and counters, as if it were an
# account of its own, so that hundreds of connections can be told apart.
_RESTRICTED = "rk_test_northwind_"


def key_of(header: str | None) -> str:
    """The key of an Authorization header, Bearer or Basic; empty where none can be read."""
    scheme, _, value = (header or "").partition(" ")
    key = value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(key).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return key


class StripeApp:
    """Stripe's API over the accounts of one sandbox."""

    def __init__(
        self, accounts: list[Account], clock: Clock, limiter: Limiter, courier: Courier
    ) -> None:
        """Serve these accounts."""
        self.accounts = {account.key: account for account in accounts}
        self.clock, self.limiter, self.courier = clock, limiter, courier
        self.served = 0

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        self.served += 1
        request_id = f"req_{self.served:014d}"
        headers = {"request-id": request_id}
        try:
            header = request.headers.get("authorization")
            account = self.authenticate(header)
            if not self.limiter.allows(key_of(header)):
                raise rate_limited(1)
            version = request.headers.get("stripe-version") or account.version
            if not _VERSION.match(version):
                raise StripeError(
                    400, "invalid_request_error", f"Invalid Stripe API version: {version}"
                )
            headers["stripe-version"] = version
            if request.method == "GET":
                return Answer(200, self.read(account, request, version).encode(), headers)
            return self.change(account, request, version, headers)
        except StripeError as error:
            return Answer(error.status, encode_error(error, request_id), headers | error.headers)

    def authenticate(self, header: str | None) -> Account:
        """The account of a Bearer or Basic key, its own or a restricted one of any name."""
        key = key_of(header)
        number = key.removeprefix(_RESTRICTED).partition("_")[0] if "rk_" in key else ""
        account = self.accounts.get(f"sk_test_northwind_{number}" if number else key)
        if account is None:
            raise unauthorized(key)
        return account

    def read(self, account: Account, request: Request, version: str) -> str:
        """The text of a list or an object."""
        path = request.path.rstrip("/")
        query = parse_form(request.query)
        paths = query.pop("expand", None)
        legacy = is_legacy(version)
        listed = find_list(path)
        if listed is not None:
            page = read_page(account.store, *listed, path, query, account.events_from)
            if listed[0] == "/v1/events" or not (legacy or paths):
                return page.body()
            value: dict[str, Any] = msgspec.json.decode(page.body())
        else:
            value = self.one(account, path)
        if paths:
            expand(account, value, paths)
        return msgspec.json.encode(in_version(account, value) if legacy else value).decode()

    def one(self, account: Account, path: str) -> dict[str, Any]:
        """One object by its path."""
        if path in ("/v1/account", f"/v1/accounts/{account.id}"):
            return account_object(account, account.created)
        if path == "/v1/balance":
            return balance_object(account, self.clock.now())
        found = find_retrieve(path)
        if found is None:
            raise unknown_url("GET", path)
        kind, identity = found
        body = account.store.body(f"plan:{identity}" if kind == "plan" else identity)
        value: dict[str, Any] = json.loads(body) if body else {}
        if value.get("object") != kind:
            raise missing(kind, identity)
        return value

    def change(
        self, account: Account, request: Request, version: str, headers: dict[str, str]
    ) -> Answer:
        """Carry out a changing request, once per idempotency key."""
        key = request.headers.get("idempotency-key")
        fingerprint = hashlib.sha256(
            f"{request.method} {request.path}\n".encode() + request.body
        ).hexdigest()
        store = account.store
        if key:
            known = store.remembered(key, self.clock.now() - _REMEMBERED)
            if known is not None and known[0] != fingerprint:
                message = (
                    "Keys for idempotent requests can only be used with the same parameters "
                    "they were first used with. "
                    f"Try using a key other than '{key}' if you meant to execute a different "
                    f"request."
                )
                raise StripeError(400, "idempotency_error", message)
            if known is not None:
                return Answer(
                    known[1],
                    known[2].encode(),
                    headers | {"idempotency-key": key, "idempotent-replayed": "true"},
                )
            headers["idempotency-key"] = key
        session = Session(account, self.clock.now(), headers["request-id"], key)
        if host := request.headers.get("host"):
            session.origin = f"http://{host}"
        store.begin()
        try:
            status, text = 200, self.perform(session, request, version)
        except StripeError as error:
            if error.rolls_back:
                store.rollback()
                raise
            status, text = error.status, encode_error(error, headers["request-id"]).decode()
        except BaseException:
            store.rollback()
            raise
        if key:
            store.remember(key, fingerprint, status, text, session.now)
        store.commit()
        wanted = {event: session.endpoints(kind) for event, kind in session.told}
        self.courier.send(account, [event for event, _ in session.told], wanted)
        return Answer(status, text.encode(), headers)

    def perform(self, session: Session, request: Request, version: str) -> str:
        """Find and run the operation of a path."""
        path = request.path.rstrip("/")
        try:
            body = request.body.decode()
        except UnicodeDecodeError:
            raise invalid("Invalid request: the body is no form in UTF-8.") from None
        params = parse_form("&".join(part for part in (request.query, body) if part))
        paths = params.pop("expand", None)
        operation, arguments = find_operation(request.method, path)
        value = operation(session, params, *arguments)
        if paths:
            value = expand(session.account, json.loads(json.dumps(value)), paths)
        return json.dumps(
            in_version(session.account, value) if is_legacy(version) else value,
            separators=(",", ":"),
        )


def find_operation(method: str, path: str) -> tuple[Callable[..., dict[str, Any]], tuple[str, ...]]:
    """The operation of a method and path, with the ids in the path."""
    for wanted, pattern, operation in _ROUTES:
        if method == wanted and (match := pattern.match(path)):
            return operation, match.groups()
    raise unknown_url(method, path)


def in_version(account: Account, value: dict[str, Any]) -> dict[str, Any]:
    """An object, or every object of a page, in the older shape."""
    if value.get("object") == "list":
        return {**value, "data": [in_version(account, item) for item in value["data"]]}
    return to_legacy(value, account.links)


def rate_limited(retry_after: int) -> StripeError:
    """Too many requests."""
    error = StripeError(429, "invalid_request_error",
    "Request rate limit exceeded. Learn more about rate limits here "
                        "https://stripe.com/docs/rate-limits.", code="rate_limit")  # fmt: skip
    error.headers = {"retry-after": str(retry_after), "stripe-rate-limited-reason": "global-rate"}
    return error


def encode_error(error: StripeError, request_id: str) -> bytes:
    """An error's JSON."""
    return json.dumps(error.body(request_id), separators=(",", ":")).encode()
