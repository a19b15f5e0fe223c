"""How does one changing request read and write objects?

Loading, saving, numbering, and telling of it by events.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid, missing
from sandbox.stripe.legacy import to_legacy
from sandbox.stripe.render_catalog import Row, encode
from sandbox.stripe.versions import is_legacy

Fields = dict[str, Any]
_PARENTS = {
    "charge": "payment_intent", "refund": "charge", "dispute": "charge",
    "invoice_payment": "invoice", "subscription_item": "subscription",
    "invoiceitem": "invoice", "balance_transaction": "source", "price": "product",
    "credit_note": "invoice", "checkout.session": "subscription",
    "setup_intent": "payment_method", "setup_attempt": "setup_intent", "plan": "product",
    "discount": "subscription", "tax_id": "customer",
}  # fmt: skip
_STATUSES = {"payment_method": "type", "balance_transaction": "type", "event": "type"}


def row_of(value: Fields) -> Row:
    """The stored row of an object."""
    kind: str = value["object"]
    parent: Any = value.get(_PARENTS.get(kind, ""))
    if kind == "invoice":
        details = (value.get("parent") or {}).get("subscription_details") or {}
        parent = details.get("subscription")
    elif kind == "promotion_code":
        parent = value["promotion"]["coupon"]
    status = value.get(_STATUSES.get(kind, "status"))
    owner = value.get("customer")
    return (
        kind, str(value["id"]), int(value.get("created") or value.get("date") or 0),
        owner if isinstance(owner, str) else None,
        parent if isinstance(parent, str) else None, status if isinstance(status, str) else None,
        encode(value),
    )  # fmt: skip


class Session:
    """One request's work on one account."""

    def __init__(self, account: Account, now: int, request_id: str, key: str | None) -> None:
        """Work at `now`; `key` is the request's idempotency key."""
        self.account, self.now, self.request_id, self.key = account, now, request_id, key
        self.store = account.store
        self.told: list[tuple[str, str]] = []
        self.origin = "https://billing.northwind.example"  # where its pages are

    def new_id(self, prefix: str) -> str:
        """The next id of things made live."""
        number = int(self.store.meta("live") or 0) + 1
        self.store.set_meta("live", str(number))
        return f"{prefix}_1NwLive{number:08d}"

    def find(self, identity: str | None) -> Fields | None:
        """An object, None where there is none or it was deleted."""
        body = self.store.body(identity) if identity else None
        value: Fields | None = json.loads(body) if body else None
        return None if value is None or value.get("deleted") else value

    def load(self, kind: str, identity: Any, param: str | None = None, status: int = 404) -> Fields:
        """An object of a kind.

        Raises:
            StripeError: There is none; as a parameter it answers 400, as the path 404.
        """
        value = self.find(identity if isinstance(identity, str) else None)
        if value is None or value["object"] != kind:
            error = missing(kind, str(identity), param or kind)
            error.status = 400 if param else status
            raise error
        return value

    def children(self, kind: str, parent: str) -> list[Fields]:
        """The objects of a kind under a parent, newest first."""
        return [
            json.loads(text)
            for text in self.store.page(
                "kind = ? and parent = ?", [kind, parent], 100_000, backwards=False
            )
        ]

    def of_customer(self, kind: str, customer: str) -> list[Fields]:
        """The objects of a kind of one customer, newest first."""
        return [
            json.loads(text)
            for text in self.store.page(
                "kind = ? and customer = ?", [kind, customer], 100_000, backwards=False
            )
        ]

    def save(self, value: Fields) -> Fields:
        """Write an object, new or known."""
        row = row_of(value)
        self.store.put(row)
        return value

    def emit(self, kind: str, value: Fields, previous: Fields | None = None) -> None:
        """Record an event about an object, in the account's own version."""
        legacy = is_legacy(self.account.version)
        shown = to_legacy(value, self.account.links) if legacy else value
        data: Fields = {"object": shown}
        if previous is not None:
            data["previous_attributes"] = previous
        identity = self.new_id("evt")
        event = {
            "id": identity, "object": "event", "api_version": self.account.version,
            "created": self.now, "data": data, "livemode": False,
            "pending_webhooks": len(self.endpoints(kind)),
            "request": {"id": self.request_id, "idempotency_key": self.key}, "type": kind,
        }  # fmt: skip
        self.store.put(("event", identity, self.now, None, None, kind, encode(event)))
        self.told.append((identity, kind))

    def endpoints(self, kind: str) -> list[Fields]:
        """The webhook endpoints that want events of a kind."""
        found = [
            json.loads(text)
            for text in self.store.page("kind = ?", ["webhook_endpoint"], 100, backwards=True)
        ]
        return [
            point
            for point in found
            if point["status"] == "enabled" and wants(point["enabled_events"], kind)
        ]

    def change(self, value: Fields, changes: Fields, event: str | None) -> Fields:
        """Set fields, save, and tell; nothing is told when nothing changed."""
        previous = {
            name: value.get(name) for name, new in changes.items() if value.get(name) != new
        }
        value.update(changes)
        self.save(value)
        if event is not None and previous:
            self.emit(event, value, previous)
        return value

    def remember(self, fact: str, **fields: Any) -> None:
        """Enter a live fact into the sandbox's own books."""
        self.store.add_fact(self.now, fact, fields)


def wants(enabled: list[str], kind: str) -> bool:
    """Whether a webhook endpoint's list takes an event type."""
    return "*" in enabled or kind in enabled


def metadata(value: Fields, params: Fields) -> Fields:
    """The metadata after a request: keys set, emptied keys removed."""
    given = params.get("metadata")
    if given in (None, ""):
        return {} if given == "" else dict(value.get("metadata") or {})
    if not isinstance(given, dict):
        raise invalid("Invalid object", "metadata")
    merged = {**(value.get("metadata") or {}), **given}
    return {name: text for name, text in merged.items() if text != ""}
