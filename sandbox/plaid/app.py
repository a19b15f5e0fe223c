"""How does a request become Plaid's answer? Keys, limits, the Item, then the endpoint."""

from __future__ import annotations

import json
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from sandbox.faults import Fault
from sandbox.plaid import CLIENT_ID, SECRET, brokerage, liabilities, link
from sandbox.plaid.errors import (
    PlaidError,
    internal,
    invalid_input,
    invalid_request,
    item_error,
    login_required,
    mutation,
    rate_limited,
    request_id,
)
from sandbox.plaid.institutions import INSTITUTIONS, accounts_at
from sandbox.plaid.items import Item, Items
from sandbox.plaid.render import account_object
from sandbox.plaid.spoiling import spoiled
from sandbox.plaid.sync import SyncPages
from sandbox.provider import Stage
from sandbox.wire import Answer, Request

# Requests a minute for one Item and for all, as Plaid publishes them for production.
PER_MINUTE: Mapping[str, tuple[int, int]] = {
    "/accounts/get": (15, 15_000), "/item/get": (15, 5_000), "/transactions/sync": (50, 2_500),
    "/investments/holdings/get": (15, 2_000), "/investments/transactions/get": (30, 20_000),
    "/liabilities/get": (15, 1_000),
}  # fmt: skip
MINUTE = 60.0
Body = dict[str, Any]


class PlaidApp:
    """Plaid's API over the company's bank."""

    name = "plaid"
    fault_kinds = frozenset({"sync_mutation", "login_required", "not_ready"})

    def __init__(self, stage: Stage) -> None:
        """Open the tokens that the stage's folder keeps."""
        self.stage = stage
        self.items = Items(stage.folder, stage.clock.now())
        self.pages = SyncPages(stage.world)
        self.seen: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        # Endpoints of an Item, with the product that they need.
        self.products: dict[str, tuple[str, Callable[[Item, Body], bytes]]] = {
            "/accounts/get": ("", self.accounts),
            "/accounts/balance/get": ("", self.accounts),
            "/transactions/sync": ("transactions", self.sync),
            "/investments/holdings/get": ("investments", self.holdings),
            "/investments/transactions/get": ("investments", self.trades),
            "/liabilities/get": ("liabilities", self.liabilities),
        }

    def credential(self, request: Request) -> str:
        """The Item of the request, or nobody's."""
        try:
            token = _body(request).get("access_token")
        except PlaidError:
            return ""
        item = self.items.held.items.get(token) if isinstance(token, str) else None
        return item.id if item else ""

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        try:
            if request.method == "GET" and request.path.startswith(link.PAGE):
                token = request.path.removeprefix(link.PAGE)
                return link.open_page(self.items, token, self.stage.clock.now())
            return Answer(200, self._answer(request))
        except PlaidError as error:
            return error.answer()

    def refuse(self, fault: Fault, request: Request) -> Answer:
        """The answer under a `rate_limit` or an `error`."""
        problem = rate_limited(request.path) if fault.kind == "rate_limit" else internal()
        return problem.answer()

    def spoil(self, answer: Answer, request: Request) -> Answer:
        """A good answer with one line malformed."""
        answer.body = spoiled(answer.body, self.stage.faults.random)
        return answer

    def _answer(self, request: Request) -> bytes:
        body = _body(request)
        if request.method != "POST":
            raise invalid_request("NOT_FOUND", "the path or method was not found")
        _authenticate(request, body)
        if request.path in self.products:
            return self._product(request.path, body)
        now, host = self.stage.clock.now(), request.headers.get("host", "")
        plain: dict[str, Callable[[], Body]] = {
            "/link/token/create": lambda: link.create(self.items, body, now, host),
            "/link/token/get": lambda: link.tell(self.items, body),
            "/item/public_token/exchange": lambda: self.exchange(body),
            "/item/get": lambda: self.item(body),
            "/item/remove": lambda: self.remove(body),
            "/item/webhook/update": lambda: self.update_webhook(body),
            "/institutions/get_by_id": lambda: _institution(body),
            "/sandbox/public_token/create": lambda: link.sandbox_public_token(
                self.items, body, now
            ),
            "/sandbox/item/reset_login": lambda: self.reset_login(body),
        }
        if request.path not in plain:
            raise invalid_request("NOT_FOUND", f"the path {request.path!r} was not found")
        return msgspec.json.encode(plain[request.path]())

    def _product(self, path: str, body: Body) -> bytes:
        item = self.items.open(body.get("access_token"))
        self._count(path, item)
        faults = self.stage.faults
        if faults.own(path, "login_required"):
            item.needs_login = True
            self.items.save()
        if item.needs_login:
            raise login_required()
        product, endpoint = self.products[path]
        if product and product not in item.products:
            raise item_error(
                "PRODUCTS_NOT_SUPPORTED",
                f"the following products are not supported by this institution: [{product!r}]",
            )
        return endpoint(item, body)

    def _count(self, path: str, item: Item) -> None:
        """Refuse what is beyond the limits of the last minute."""
        now = time.monotonic()
        for who, most in zip((item.id, ""), PER_MINUTE.get(path, (10**9, 10**9)), strict=True):
            window = self.seen[path, who]
            while window and window[0] <= now - MINUTE:
                window.popleft()
            if len(window) >= most:
                raise rate_limited(path)
        for who in (item.id, ""):
            self.seen[path, who].append(now)

    def exchange(self, body: Body) -> Body:
        """POST /item/public_token/exchange."""
        item = self.items.exchange(body.get("public_token"))
        return {
            "access_token": item.access_token, "item_id": item.id, "request_id": request_id(),
        }  # fmt: skip

    def item(self, body: Body) -> Body:
        """POST /item/get."""
        item = self.items.open(body.get("access_token"))
        self._count("/item/get", item)
        return {"item": _item_object(item), "request_id": request_id(), "status": None}

    def remove(self, body: Body) -> Body:
        """POST /item/remove."""
        self.items.remove(self.items.open(body.get("access_token")))
        return {"request_id": request_id()}

    def update_webhook(self, body: Body) -> Body:
        """POST /item/webhook/update."""
        item = self.items.open(body.get("access_token"))
        item.webhook = link.address(body.get("webhook"))
        self.items.save()
        return {"item": _item_object(item), "request_id": request_id()}

    def reset_login(self, body: Body) -> Body:
        """POST /sandbox/item/reset_login."""
        self.items.open(body.get("access_token")).needs_login = True
        self.items.save()
        return {"request_id": request_id(), "reset_login": True}

    def accounts(self, item: Item, body: Body) -> bytes:
        """POST /accounts/get."""
        return msgspec.json.encode({
            "accounts": self._accounts(item), "item": _item_object(item),
            "request_id": request_id(),
        })  # fmt: skip

    def sync(self, item: Item, body: Body) -> bytes:
        """POST /transactions/sync."""
        faults = self.stage.faults
        if faults.own("/transactions/sync", "not_ready"):
            return msgspec.json.encode({
                "accounts": [], "added": [], "has_more": False, "modified": [], "next_cursor": "",
                "removed": [], "request_id": request_id(),
                "transactions_update_status": "NOT_READY",
            })  # fmt: skip
        if body.get("cursor") and (fault := faults.own("/transactions/sync", "sync_mutation")):
            # Time passes, so that what the first pages said is really no longer so.
            clock = self.stage.clock
            clock.set(clock.now() + int(fault.value or 0), clock.frozen_at is not None)
            raise mutation()
        return self.pages.page(item, body, self.stage.clock.now())

    def holdings(self, item: Item, body: Body) -> bytes:
        """POST /investments/holdings/get."""
        today = datetime.fromtimestamp(self.stage.clock.now(), UTC).date()
        return msgspec.json.encode({
            "accounts": self._accounts(item), "holdings": brokerage.holdings(item, today),
            "is_investments_fallback_item": False, "item": _item_object(item),
            "request_id": request_id(), "securities": brokerage.securities(item),
        })  # fmt: skip

    def trades(self, item: Item, body: Body) -> bytes:
        """POST /investments/transactions/get."""
        since, until = _day(body, "start_date"), _day(body, "end_date")
        options = body.get("options") or {}
        count, offset = int(options.get("count", 100)), int(options.get("offset", 0))
        if not 1 <= count <= 500 or offset < 0:
            raise invalid_request("INVALID_FIELD", "count must be between 1 and 500")
        found = brokerage.trades(item, since, until)
        return msgspec.json.encode({
            "accounts": self._accounts(item),
            "investment_transactions": found[offset : offset + count],
            "is_investments_fallback_item": False, "item": _item_object(item),
            "request_id": request_id(), "securities": brokerage.securities(item),
            "total_investment_transactions": len(found),
        })  # fmt: skip

    def liabilities(self, item: Item, body: Body) -> bytes:
        """POST /liabilities/get."""
        bank, now = self.stage.world.bank, self.stage.clock.now()
        cards = [
            liabilities.card(item, bank, account, now)
            for account in accounts_at(bank, item.institution_id)
            if account.kind == "credit"
        ]
        return msgspec.json.encode({
            "accounts": self._accounts(item), "item": _item_object(item),
            "liabilities": {"credit": cards, "mortgage": None, "student": None},
            "request_id": request_id(),
        })  # fmt: skip

    def _accounts(self, item: Item) -> list[Body]:
        bank, now = self.stage.world.bank, self.stage.clock.now()
        if "investments" in item.products:
            return [brokerage.account(item)]
        return [
            account_object(item, bank, account, now)
            for account in accounts_at(bank, item.institution_id)
        ]


def _body(request: Request) -> Body:
    try:
        value = json.loads(request.body or b"{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise invalid_request("INVALID_BODY", "body could not be parsed as JSON")
    return value


def _authenticate(request: Request, body: Body) -> None:
    known = request.headers.get("plaid-client-id") or body.get("client_id")
    secret = request.headers.get("plaid-secret") or body.get("secret")
    if (known, secret) != (CLIENT_ID, SECRET):
        raise invalid_input("INVALID_API_KEYS", "invalid client_id or secret provided")


def _day(body: Body, name: str) -> str:
    try:
        return date.fromisoformat(str(body.get(name))).isoformat()
    except ValueError:
        raise invalid_request("INVALID_FIELD", f"{name} must be a date: YYYY-MM-DD") from None


def _item_object(item: Item) -> Body:
    institution = INSTITUTIONS[item.institution_id]
    error = login_required().body() if item.needs_login else None
    return {
        "auth_method": None, "available_products": [], "billed_products": item.products,
        "consent_expiration_time": None, "consented_products": item.products,
        "created_at": link.stamp(item.created_at), "error": error,
        "institution_id": institution.id, "institution_name": institution.name,
        "item_id": item.id, "products": item.products, "update_type": "background",
        "webhook": item.webhook,
    }  # fmt: skip


def _institution(body: Body) -> Body:
    found = INSTITUTIONS.get(str(body.get("institution_id")))
    if found is None:
        raise invalid_input("INVALID_INSTITUTION", "invalid institution_id provided")
    return {
        "institution": {
            "country_codes": ["US"], "dtc_numbers": [], "institution_id": found.id,
            "name": found.name, "oauth": False, "products": list(found.products),
            "routing_numbers": [],
        },
        "request_id": request_id(),
    }  # fmt: skip
