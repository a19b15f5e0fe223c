"""How does a request become GoCardless's answer? Tokens, limits, consent, then the bank's rows.

Own faults: `token_expired` (the token is spent from now on), `consent_expired` (the account's
agreement ends now), `budget_exhausted` (nothing is left of the scope's day), `institution_down`
(503, which counts for nothing).
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs

from sandbox.company.calendar import day_of
from sandbox.faults import Fault
from sandbox.gocardless.consents import Consents
from sandbox.gocardless.errors import Refusal, invalid_token, not_found, too_many
from sandbox.gocardless.limits import SUCCESSES_PER_DAY, Allowance, Windows
from sandbox.gocardless.render import balances, banks, details, institution, line
from sandbox.provider import Stage
from sandbox.shelf import Shelf
from sandbox.wire import Answer, Request, json_answer

SECRET_ID, SECRET_KEY = "sandbox-gocardless-id", "sandbox-gocardless-key"
ACCESS_SECONDS, REFRESH_SECONDS = 86_400, 2_592_000
_READ = re.compile(r"^/api/v2/accounts/([^/]+)/(details|balances|transactions)/$")
_MINUTE = 60.0


class GoCardlessApp:
    """GoCardless's bank account data over the world."""

    name = "gocardless"
    fault_kinds = frozenset(
        {"token_expired", "consent_expired", "budget_exhausted", "institution_down"}
    )

    def __init__(self, stage: Stage) -> None:
        """Stand on a stage."""
        self.stage, self.shelf = stage, Shelf(stage.folder)
        self.consents = Consents(stage.world, stage.clock, self.shelf)
        self.allowance = Allowance(self.shelf, stage.clock)
        self.accounts_pace = Windows(100, _MINUTE)
        self.other_pace = Windows(300, _MINUTE)
        self.new_tokens = Windows(100, 60 * _MINUTE)

    def credential(self, request: Request) -> str:
        """The application behind the token."""
        return SECRET_ID if self._token(request) else "nobody"

    def refuse(self, fault: Fault, request: Request) -> Answer:
        """GoCardless's words for a limit or a failure."""
        if fault.kind == "rate_limit":
            headers = {"http_x_ratelimit_remaining": "0"}
            headers["http_x_ratelimit_reset"] = str(fault.retry_after)
            return too_many("100/minute", fault.retry_after, headers).answer()
        return Refusal(
            500, "Couldn't update account data", "Request to Institution returned an error",
            "UnknownRequestError",
        ).answer()  # fmt: skip

    def spoil(self, answer: Answer, request: Request) -> Answer:
        """Write an amount that is no number and no currency into the first row."""
        body = json.loads(answer.body)
        rows = body.get("balances") or body.get("transactions", {}).get("booked") or []
        if rows:
            field = "balanceAmount" if "balances" in body else "transactionAmount"
            rows[0][field] = {"amount": "forty-two", "currency": "EURO"}
        return Answer(answer.status, json.dumps(body).encode(), answer.headers)

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        try:
            return self._route(request)
        except Refusal as refusal:
            return refusal.answer()

    def _route(self, request: Request) -> Answer:
        path, method = request.path, request.method
        if path == "/_limits":  # the sandbox's own: for those who measure something else
            self.accounts_pace.allowed = int(request.json()["accounts_per_minute"])
            self.other_pace.allowed = self.new_tokens.allowed = self.accounts_pace.allowed
            return json_answer({"accounts_per_minute": self.accounts_pace.allowed})
        if found := re.match(r"^/psd2/start/([^/]+)/", path):
            return self.consents.consent(found.group(1), request)
        if path in ("/api/v2/token/new/", "/api/v2/token/refresh/"):
            return self._tokens(path, request)
        if self.stage.faults.own(path, "token_expired"):
            self.shelf.drop("token", self._token(request))
        if not self._token(request):
            raise invalid_token()
        pace = self.accounts_pace if path.startswith("/api/v2/accounts/") else self.other_pace
        left, reset = pace.take(SECRET_ID)
        headers = {
            "http_x_ratelimit_limit": str(pace.allowed),
            "http_x_ratelimit_remaining": str(max(0, left)),
            "http_x_ratelimit_reset": str(reset),
        }
        if left < 0:
            raise too_many(f"{pace.allowed}/minute", reset, headers)
        answer = self._read(request, headers) if _READ.match(path) else self._other(request, method)
        answer.headers |= headers
        return answer

    def _other(self, request: Request, method: str) -> Answer:
        path = request.path.removeprefix("/api/v2")
        known = banks(self.stage.world.bank)
        routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", r"/institutions/", lambda: self._institutions(request)),
            ("GET", r"/institutions/([^/]+)/", lambda name: self._institution(known, name)),
            ("POST", r"/agreements/enduser/", lambda: self.consents.agree(request.json())),
            ("GET", r"/agreements/enduser/([^/]+)/", self._agreement),
            (
                "POST",
                r"/requisitions/",
                lambda: self.consents.require(request.json(), _base(request)),
            ),
            (
                "GET",
                r"/requisitions/([^/]+)/",
                lambda name: json_answer(self.consents.requisition(name)),
            ),
            (
                "DELETE",
                r"/requisitions/([^/]+)/",
                lambda name: json_answer(self.consents.delete(name)),
            ),
            ("GET", r"/accounts/([^/]+)/", self._account),
        ]
        for wanted, pattern, answer in routes:
            if wanted == method and (found := re.fullmatch(pattern, path)):
                return answer(*found.groups())
        raise not_found()

    def _institutions(self, request: Request) -> Answer:
        country = parse_qs(request.query).get("country", [""])[0].upper()
        found = [
            institution(accounts[0].institution, identity)
            for identity, accounts in banks(self.stage.world.bank).items()
        ]
        return json_answer([item for item in found if not country or country in item["countries"]])

    def _institution(self, known: dict[str, Any], name: str) -> Answer:
        if name not in known:
            raise not_found()
        more = {"supported_features": ["business_accounts"], "identification_codes": []}
        return json_answer(institution(known[name][0].institution, name) | more)

    def _agreement(self, name: str) -> Answer:
        found = self.shelf.get("agreement", name)
        if found is None:
            raise not_found()
        return json_answer(found)

    def _account(self, name: str) -> Answer:
        found, _ = self.consents.account(name)
        return json_answer(found["about"])

    def _read(self, request: Request, headers: dict[str, str]) -> Answer:
        """One of the three scopes of an account; only an answer counts."""
        match = _READ.match(request.path)
        assert match is not None
        identity, scope = match.groups()
        faults = self.stage.faults
        if faults.own(request.path, "consent_expired"):
            self.consents.end(identity)
        if faults.own(request.path, "budget_exhausted"):
            self.allowance.use_up(identity, scope)
        found, agreement = self.consents.account(identity)
        if scope not in agreement["access_scope"]:
            raise Refusal(
                403, "End User Agreement (EUA) access scope error",
                f"EUA doesn't allow access to account {scope}. Check EUA access scope. Or create "
                "new EUA with correct access scope",
            )  # fmt: skip
        left, reset = self.allowance.left(identity, scope)
        if left <= 0:
            headers |= _allowance_headers(0, reset)
            raise too_many(f"{SUCCESSES_PER_DAY}/day", reset, headers)
        if faults.own(request.path, "institution_down"):
            raise Refusal(
                503, f"Couldn't update account {scope}", "Institution service unavailable",
                "ServiceError",
            )  # fmt: skip
        body = self._rows(found["account"], scope, agreement, request)
        headers |= _allowance_headers(*self.allowance.take(identity, scope))
        return json_answer(body)

    def _rows(
        self, account_id: str, scope: str, agreement: dict[str, Any], request: Request
    ) -> dict[str, Any]:
        bank, now = self.stage.world.bank, self.stage.clock.now()
        account = bank.account(account_id)
        if scope == "details":
            return {"account": details(account)}
        if scope == "balances":
            return {"balances": balances(bank, account, now)}
        first, last = _days(request)
        oldest = day_of(now) - timedelta(days=agreement["max_historical_days"])
        lists: dict[str, list[dict[str, Any]]] = {"booked": [], "pending": []}
        for found in bank.lines_at(account_id, now):
            is_booked = found.posted_at <= now
            if (max(first, oldest) if is_booked else first) <= found.booked_on <= last or (
                not is_booked and last == date.max
            ):
                lists["booked" if is_booked else "pending"].append(
                    line(found, account, is_booked=is_booked)
                )
        lists["booked"].reverse()  # banks show the newest first
        return {"transactions": lists}

    def _token(self, request: Request) -> str:
        """The token of a request, empty where it is not good."""
        text = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        found = self.shelf.get("token", text) if text else None
        return text if found and found["until"] > self.stage.clock.now() else ""

    def _tokens(self, path: str, request: Request) -> Answer:
        wanted, now = request.json(), self.stage.clock.now()
        if path.endswith("/new/"):
            left, reset = self.new_tokens.take(SECRET_ID)
            if left < 0:
                raise too_many("100/hour", reset, {"http_x_ratelimit_reset": str(reset)})
            if (wanted.get("secret_id"), wanted.get("secret_key")) != (SECRET_ID, SECRET_KEY):
                raise Refusal(
                    401, "Authentication failed",
                    "No active account found with the given credentials",
                )  # fmt: skip
        elif (known := self.shelf.get("refresh", str(wanted.get("refresh")))) is None or known[
            "until"
        ] <= now:
            raise invalid_token()
        access = f"access.{secrets.token_urlsafe(24)}"
        self.shelf.put("token", access, {"until": now + ACCESS_SECONDS})
        body: dict[str, Any] = {"access": access, "access_expires": ACCESS_SECONDS}
        if path.endswith("/new/"):
            body["refresh"] = f"refresh.{secrets.token_urlsafe(24)}"
            body["refresh_expires"] = REFRESH_SECONDS
            self.shelf.put("refresh", body["refresh"], {"until": now + REFRESH_SECONDS})
        return json_answer(body)


def _allowance_headers(left: int, reset: int) -> dict[str, str]:
    return {
        "http_x_ratelimit_account_success_limit": str(SUCCESSES_PER_DAY),
        "http_x_ratelimit_account_success_remaining": str(left),
        "http_x_ratelimit_account_success_reset": str(reset),
    }


def _days(request: Request) -> tuple[date, date]:
    query = parse_qs(request.query)
    try:
        first = date.fromisoformat(query.get("date_from", ["0001-01-01"])[0])
        last = date.fromisoformat(query.get("date_to", ["9999-12-31"])[0])
    except ValueError:
        raise Refusal(400, "Incorrect date", "Dates are written as YYYY-MM-DD") from None
    if first > last:
        raise Refusal(
            400, "Incorrect date range",
            f"Starting date '{first}' is greater than end date '{last}'. When specifying date "
            "range, starting date must precede the end date",
        )  # fmt: skip
    return first, last


def _base(request: Request) -> str:
    return f"http://{request.headers.get('host', '127.0.0.1')}/gocardless"
