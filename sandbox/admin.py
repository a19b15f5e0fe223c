"""What may a test ask of the sandbox itself?

Health, counters, faults, clock, limits, webhooks, and the books.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from sandbox import truth
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.gate import Gate
from sandbox.stripe.account import Account
from sandbox.stripe.again import fail_again
from sandbox.stripe.passing import pass_time, script_card
from sandbox.stripe.webhooks import Courier
from sandbox.traffic import Limiter, Traffic
from sandbox.wire import Answer, Request, json_answer

BOOKS = (
    "counts",
    "mrr",
    "movements",
    "failed_payments",
    "credits",
    "usage",
    "balances",
    "months",
    "payouts",
)


class UnknownAccountError(ValueError):
    """The request names an account that this sandbox does not simulate."""


class Admin:
    """The sandbox's own endpoints, under `/_sandbox`."""

    def __init__(
        self,
        accounts: list[Account],
        clock: Clock,
        faults: Faults,
        traffic: Traffic,
        limiter: Limiter,
        courier: Courier,
        gate: Gate,
    ) -> None:
        """Command these parts."""
        self.accounts, self.clock, self.faults = accounts, clock, faults
        self.traffic, self.limiter, self.courier = traffic, limiter, courier
        self.gate = gate

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        parts = request.path.strip("/").split("/")
        place = parts[1] if len(parts) > 1 else "health"
        if request.path == "/health" or place == "health":
            return json_answer(
                {
                    "status": "ok",
                    "accounts": [
                        {"id": account.id, "key": account.key} for account in self.accounts
                    ],
                }
            )
        endpoint = {
            "requests": self.requests, "faults": self.rule, "clock": self.time,
            "limits": self.limits, "account": self.account,
            "webhooks": self.webhooks, "outbox": self.outbox, "cards": self.cards,
            "failures": self.failures,
        }.get(place)  # fmt: skip
        try:
            if place == "books":
                return self.books(parts[2:], parse_qs(request.query))
            if endpoint is None:
                return json_answer({"error": f"no such endpoint: {request.path}"}, 404)
            return json_answer(endpoint(request))
        except UnknownAccountError as error:
            return json_answer({"error": str(error)}, 404)
        except (ValueError, KeyError, TypeError) as error:
            return json_answer({"error": str(error)}, 400)

    def _account(self, key: str | None) -> Account:
        for account in self.accounts:
            if key in (None, account.key, account.id):
                return account
        raise UnknownAccountError(f"no account {key}")

    def books(self, parts: list[str], query: dict[str, list[str]]) -> Answer:
        """GET /_sandbox/books/{name}?account=...; the world's also know `at` and `only`."""
        if len(parts) == 1 and parts[0] in truth.NAMES:
            at = int(query.get("at", [str(self.clock.now())])[0])
            return json_answer(
                truth.tell(self.gate.world, parts[0], at, query.get("only", [None])[0])
            )
        account = self._account(query.get("account", [None])[0])
        if parts == ["live"]:
            return json_answer(account.store.facts())
        if len(parts) == 2 and parts[0] == "mrr":
            return json_answer(account.books.day(parts[1]))
        if len(parts) != 1 or parts[0] not in BOOKS:
            names = [*BOOKS, "mrr/{day}", "live", *truth.NAMES]
            return json_answer({"books": names}, 200 if not parts else 404)
        return json_answer(getattr(account.books, parts[0])())

    def requests(self, request: Request) -> Any:
        """GET counters; DELETE begins them again."""
        if request.method == "DELETE":
            self.traffic.reset()
            self.gate.meters.reset()
        return {**self.traffic.report(), "providers": self.gate.meters.report()}

    def rule(self, request: Request) -> Any:
        """GET the faults in force, POST one, DELETE all."""
        if request.method == "POST":
            self.faults.add(request.json())
        elif request.method == "DELETE":
            self.faults.rules.clear()
        return self.faults.report()

    def time(self, request: Request) -> Any:
        """GET the clock; POST {"advance_seconds"} or {"now"}, with "frozen"; "lives" an account."""
        if request.method == "POST":
            wanted = request.json()
            at = self.clock.now() + int(wanted.get("advance_seconds", 0))
            if "now" in wanted:
                at = int(datetime.fromisoformat(wanted["now"]).timestamp())
            before = self.clock.now()
            self.clock.set(at, bool(wanted.get("frozen", self.clock.frozen_at is not None)))
            if wanted.get("lives"):
                pass_time(self._account(str(wanted["lives"])), self.courier, before, at)
        now = self.clock.now()
        return {
            "now": now,
            "now_iso": datetime.fromtimestamp(now, UTC).isoformat(),
            "frozen": self.clock.frozen_at is not None,
        }

    def cards(self, request: Request) -> Any:
        """POST {"payment_method", "script"}: what its next attempts get, null for success."""
        wanted = request.json()
        account = self._account(wanted.get("account"))
        script_card(account, str(wanted["payment_method"]), list(wanted["script"]))
        return wanted

    def failures(self, request: Request) -> Any:
        """POST {"most"}: the company's newest failures happen again, now."""
        wanted = request.json()
        account = self._account(wanted.get("account"))
        return fail_again(account, self.clock.now(), int(wanted["most"]))

    def limits(self, request: Request) -> Any:
        """GET or POST {"per_second": n or null}."""
        if request.method == "POST":
            per_second = request.json()["per_second"]
            self.limiter.per_second = None if per_second is None else int(per_second)
        return {"per_second": self.limiter.per_second}

    def account(self, request: Request) -> Any:
        """POST {"account", "version"}: change an account's default API version."""
        wanted = request.json()
        account = self._account(wanted.get("account"))
        if "version" in wanted:
            account.version = str(wanted["version"])
        return {"id": account.id, "key": account.key, "version": account.version}

    def webhooks(self, request: Request) -> Any:
        """GET the deliveries; POST {"resend": event id} or {"retry_seconds": [...]}."""
        if request.method == "POST":
            wanted = request.json()
            if "retry_seconds" in wanted:
                self.courier.retry_seconds = tuple(float(wait) for wait in wanted["retry_seconds"])
            if "resend" in wanted:
                self.courier.resend(self._account(wanted.get("account")), str(wanted["resend"]))
        return list(self.courier.deliveries)

    def outbox(self, request: Request) -> Any:
        """GET the deliveries of the other providers; POST {"retry_seconds": [...]}."""
        if request.method == "POST":
            waits = request.json()["retry_seconds"]
            self.gate.outbox.retry_seconds = tuple(float(wait) for wait in waits)
        return list(self.gate.outbox.deliveries)
