"""How does a request become Stripe's answer? Keys, versions, request ids, lists and retrieval over HTTP."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.stripe.account import Account
from sandbox.stripe.endpoints import find_list, find_retrieve
from sandbox.stripe.errors import StripeError, missing, unauthorized, unknown_url
from sandbox.stripe.forms import parse_form
from sandbox.stripe.legacy import to_legacy
from sandbox.stripe.lists import read_page
from sandbox.stripe.versions import is_legacy


class StripeApp:
    """Stripe's API over the accounts of one sandbox."""

    def __init__(self, accounts: list[Account]) -> None:
        """Serve these accounts."""
        self.accounts = {account.key: account for account in accounts}
        self.served = 0

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        self.served += 1
        request_id = f"req_{self.served:014d}"
        headers = {"request-id": request_id, "stripe-version": request.headers.get("stripe-version", "")}
        try:
            account = self.authenticate(request.headers.get("authorization"))
            version = request.headers.get("stripe-version") or account.version
            headers["stripe-version"] = version
            text = self.answer(account, request, version)
            status = 200
        except StripeError as error:
            text, status = json.dumps(error.body(request_id)), error.status
            headers |= error.headers
        return Response(text, status, headers, "application/json")

    def authenticate(self, header: str | None) -> Account:
        """The account of a Bearer or Basic key."""
        scheme, _, value = (header or "").partition(" ")
        key = value.strip()
        if scheme.lower() == "basic":
            try:
                key = base64.b64decode(key).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                key = ""
        account = self.accounts.get(key)
        if account is None:
            raise unauthorized(key)
        return account

    def answer(self, account: Account, request: Request, version: str) -> str:
        """The text of a successful answer."""
        path = request.url.path.rstrip("/")
        query = parse_form(request.url.query)
        if request.method == "GET":
            listed = find_list(path)
            if listed is not None:
                page = read_page(account.store, *listed, path, query, account.events_from)
                page.texts = [self.in_version(account, text, version) for text in page.texts] if is_legacy(version) else page.texts
                return page.body()
            found = find_retrieve(path)
            if found is not None:
                kind, identity = found
                body = account.store.body(f"plan:{identity}" if kind == "plan" else identity)
                if body is None or f'"object":"{kind}"' not in body[:200].replace(" ", ""):
                    raise missing(kind, identity)
                return self.in_version(account, body, version)
        raise unknown_url(request.method, path)

    def in_version(self, account: Account, text: str, version: str) -> str:
        """An object's text in an API version; events keep the version they were made in."""
        if not is_legacy(version) or '"object":"event"' in text[:100]:
            return text
        value: dict[str, Any] = json.loads(text)
        return json.dumps(to_legacy(value, account.links), separators=(",", ":"))
