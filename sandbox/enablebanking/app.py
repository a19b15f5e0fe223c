"""How does a request become Enable Banking's answer? The application's token, a session, the bank.

A bank lets itself be read four times a day, account and scope while its user is away; further pages
of one list count as the same read. Own faults: `consent_expired` (the account's session ends now),
`budget_exhausted` (the bank says 429), `bank_error` (the bank fails), `continuation_lost` (the key
of the next page is not taken), `longest_refused` (the bank gives no more than its default history).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl

from core.clock import utc_now
from sandbox.company.calendar import day_of
from sandbox.enablebanking.application import APPLICATION_ID, application, is_good_token
from sandbox.enablebanking.errors import Refusal, too_many
from sandbox.enablebanking.render import (
    EMPTY_FIRST_PAGE,
    aspsp,
    balances,
    banks,
    line,
    resource,
)
from sandbox.enablebanking.sessions import Sessions
from sandbox.faults import Fault
from sandbox.gocardless.limits import Allowance
from sandbox.provider import Stage
from sandbox.shelf import Shelf
from sandbox.wire import Answer, Request, json_answer

PAGE_SIZE = 50
DEFAULT_DAYS, LONGEST_DAYS = 90, 730
_READ = re.compile(r"^/accounts/([^/]+)/(details|balances|transactions)$")


class EnableBankingApp:
    """Enable Banking over the world."""

    name = "enablebanking"
    fault_kinds = frozenset({
        "consent_expired", "budget_exhausted", "bank_error", "continuation_lost",
        "longest_refused",
    })  # fmt: skip

    def __init__(self, stage: Stage) -> None:
        """Stand on a stage."""
        self.stage, self.shelf = stage, Shelf(stage.folder)
        application(stage.folder.parent)  # whoever comes finds its key, in a new folder as well
        self.sessions = Sessions(stage.world, stage.clock, self.shelf)
        self.allowance = Allowance(self.shelf, stage.clock)

    def credential(self, request: Request) -> str:
        """The application, or nobody."""
        return APPLICATION_ID if self._is_known(request) else "nobody"

    def refuse(self, fault: Fault, request: Request) -> Answer:
        """Enable Banking's words for a limit or a failure."""
        if fault.kind == "rate_limit":
            return too_many(headers={"retry-after": str(fault.retry_after)}).answer()
        return Refusal(500, "ASPSP_ERROR", "Error interacting with ASPSP").answer()

    def spoil(self, answer: Answer, request: Request) -> Answer:
        """Write an amount that is no number and no currency into the first row."""
        body = json.loads(answer.body)
        rows = body.get("balances") or body.get("transactions") or []
        if rows:
            field = "balance_amount" if "balances" in body else "transaction_amount"
            rows[0][field] = {"amount": "forty-two", "currency": "EURO"}
        return Answer(answer.status, json.dumps(body).encode(), answer.headers)

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        try:
            if request.path == "/ais/start":
                return self.sessions.consent(request)
            if not self._is_known(request):
                raise Refusal(401, "UNAUTHORIZED_ACCESS", "Unauthorized access")
            if _READ.match(request.path):
                return self._read(request)
            return self._other(request)
        except Refusal as refusal:
            return refusal.answer()

    def _is_known(self, request: Request) -> bool:
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        return is_good_token(token, self.stage.folder, int(utc_now().timestamp()))

    def _other(self, request: Request) -> Answer:
        sessions = self.sessions
        routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", "/aspsps", lambda: self._aspsps(request)),
            ("GET", "/application", self._application),
            ("POST", "/auth", lambda: sessions.authorize(request.json(), _base(request))),
            ("POST", "/sessions", lambda: json_answer(sessions.open(request.json()))),
            ("GET", "/sessions/([^/]+)", lambda name: json_answer(sessions.get(name))),
            ("DELETE", "/sessions/([^/]+)", lambda name: json_answer(sessions.close(name))),
        ]
        for method, pattern, answer in routes:
            if method == request.method and (found := re.fullmatch(pattern, request.path)):
                return answer(*found.groups())
        raise Refusal(404, "WRONG_REQUEST_PARAMETERS", "Not found")

    def _aspsps(self, request: Request) -> Answer:
        country = dict(parse_qsl(request.query)).get("country", "")
        found = [aspsp(name) for name in banks(self.stage.world.bank)]
        return json_answer(
            {"aspsps": [item for item in found if not country or item["country"] == country]}
        )

    def _application(self) -> Answer:
        return json_answer(
            {
                "name": "Oppulence sandbox",
                "description": "Reads the demo company's banks",
                "kid": APPLICATION_ID,
                "environment": "SANDBOX",
                "redirect_urls": [],
                "active": True,
                "countries": ["DE", "NL"],
                "services": ["AIS"],
            }
        )

    def _read(self, request: Request) -> Answer:
        """One of the three scopes of an account; only an answer counts."""
        match = _READ.match(request.path)
        assert match is not None
        uid, scope = match.groups()
        faults, query = self.stage.faults, dict(parse_qsl(request.query))
        if faults.own(request.path, "consent_expired"):
            self.sessions.end(uid)
        account_id = self.sessions.account(uid)
        if faults.own(request.path, "budget_exhausted"):
            self.allowance.use_up(uid, scope)
        is_continued = "continuation_key" in query
        is_attended = "psu-ip-address" in request.headers
        left, _ = self.allowance.left(uid, scope)
        if left <= 0 and not is_continued and not is_attended:
            raise too_many()
        if faults.own(request.path, "bank_error"):
            raise Refusal(500, "ASPSP_ERROR", "Error interacting with ASPSP")
        body = self._rows(account_id, uid, scope, query, request.path)
        if not is_continued and not is_attended:
            self.allowance.take(uid, scope)
        return json_answer(body)

    def _rows(
        self, account_id: str, uid: str, scope: str, query: dict[str, str], path: str
    ) -> dict[str, Any]:
        bank, now = self.stage.world.bank, self.stage.clock.now()
        account = bank.account(account_id)
        if scope == "details":
            return resource(account, uid)
        if scope == "balances":
            return {"balances": balances(bank, account, now)}
        key = query.pop("continuation_key", "")
        if key and self.stage.faults.own(path, "continuation_lost"):
            raise Refusal(422, "WRONG_CONTINUATION_KEY", "Wrong continuation key provided")
        first, last = self._days(query, path)
        start = _place(key, query)
        if start == 0 and not key and account.institution in EMPTY_FIRST_PAGE:
            return {"transactions": [], "continuation_key": _key(0, query)}
        wanted = query.get("transaction_status", "")
        found = [
            item
            for item in reversed(bank.lines_at(account_id, now))
            if first <= item.booked_on <= last or (item.posted_at > now and last >= day_of(now))
            if not wanted or wanted == ("BOOK" if item.posted_at <= now else "PDNG")
        ]
        end = start + PAGE_SIZE
        return {
            "transactions": [
                line(item, account, is_booked=item.posted_at <= now) for item in found[start:end]
            ],
            "continuation_key": _key(end, query) if end < len(found) else None,
        }

    def _days(self, query: dict[str, str], path: str) -> tuple[date, date]:
        today = day_of(self.stage.clock.now())
        is_longest = query.get("strategy") == "longest"
        if is_longest and self.stage.faults.own(path, "longest_refused"):
            raise Refusal(422, "WRONG_TRANSACTIONS_PERIOD", "Wrong transactions period requested")
        oldest = today - timedelta(days=LONGEST_DAYS if is_longest else DEFAULT_DAYS)
        try:
            first = date.fromisoformat(query["date_from"]) if "date_from" in query else oldest
            last = date.fromisoformat(query["date_to"]) if "date_to" in query else date.max
        except ValueError:
            raise Refusal(422, "WRONG_REQUEST_PARAMETERS", "Wrong date") from None
        if "date_to" in query and "date_from" not in query:
            raise Refusal(422, "DATE_TO_WITHOUT_DATE_FROM", "date_to needs date_from")
        if first > last:
            raise Refusal(422, "WRONG_DATE_INTERVAL", "date_from is after date_to")
        return first, last


def _key(place: int, query: dict[str, str]) -> str:
    """What asks for the next page: its place, good with the same parameters only."""
    return base64.urlsafe_b64encode(json.dumps([place, sorted(query.items())]).encode()).decode()


def _place(key: str, query: dict[str, str]) -> int:
    if not key:
        return 0
    try:
        place, asked = json.loads(base64.urlsafe_b64decode(key))
    except (ValueError, binascii.Error):
        place, asked = -1, None
    if asked != [list(item) for item in sorted(query.items())]:
        raise Refusal(422, "WRONG_CONTINUATION_KEY", "Wrong continuation key provided")
    return int(place)


def _base(request: Request) -> str:
    return f"http://{request.headers.get('host', '127.0.0.1')}/enablebanking"
