"""How does a request become Teller's answer? The token's enrollment, then a list or an object."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import parse_qs

from sandbox.company.banking import BankAccount
from sandbox.faults import Fault
from sandbox.provider import Stage
from sandbox.teller.enrollments import Enrollment, Enrollments
from sandbox.teller.render import (
    account_id,
    account_object,
    balances_object,
    details_object,
    line_object,
)
from sandbox.teller.spoiling import spoiled
from sandbox.wire import Answer, Request, json_answer

DISCONNECTED = "enrollment.disconnected.user_action.mfa_required"


class TellerError(Exception):
    """An answer that is an error object."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Teller's status, code and words."""
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> Answer:
        """The HTTP answer."""
        return json_answer({"error": {"code": self.code, "message": self.message}}, self.status)


class TellerApp:
    """Teller's API over the company's banks."""

    name = "teller"
    fault_kinds = frozenset({"disconnected", "account_closed"})

    def __init__(self, stage: Stage) -> None:
        """Open the enrollments that the stage's folder keeps."""
        self.stage = stage
        self.enrollments = Enrollments(stage.folder)

    def credential(self, request: Request) -> str:
        """The enrollment of the request's token."""
        found = self.enrollments.find(_token(request))
        return found.id if found else ""

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        try:
            return self._answer(request)
        except TellerError as error:
            return error.answer()

    def refuse(self, fault: Fault, request: Request) -> Answer:
        """The answer under a `rate_limit` or an `error`."""
        if fault.kind == "rate_limit":
            answer = TellerError(429, "too_many_requests", "Too many requests.").answer()
            answer.headers["retry-after"] = str(fault.retry_after)
            return answer
        return TellerError(502, "bad_gateway", "The institution did not answer.").answer()

    def spoil(self, answer: Answer, request: Request) -> Answer:
        """A good answer with one line malformed."""
        answer.body = spoiled(answer.body, self.stage.faults.random)
        return answer

    def _answer(self, request: Request) -> Answer:
        if request.path == "/_connect" and request.method == "POST":
            self.enrollments.repair(str(request.json().get("access_token")))
            return json_answer({"repaired": True})
        enrollment = self._enrollment(request)
        parts = request.path.strip("/").split("/")
        if parts[0] != "accounts" or len(parts) > 4:
            raise TellerError(404, "not_found", "The requested resource was not found.")
        if len(parts) == 1:
            return self._accounts(request, enrollment)
        account = self._account(enrollment, parts[1])
        if request.method != "GET":
            raise TellerError(404, "not_found", "The requested resource was not found.")
        if self.stage.faults.own(request.path, "account_closed"):
            raise TellerError(410, "account.closed", "The requested account is closed.")
        base, now, bank = _base(request), self.stage.clock.now(), self.stage.world.bank
        found: dict[str, Callable[[], Any]] = {
            "": lambda: account_object(enrollment, account, base),
            "balances": lambda: balances_object(enrollment, bank, account, base, now),
            "details": lambda: self._details(enrollment, account, base),
            "transactions": lambda: self._lines(request, enrollment, account, parts[3:]),
        }
        place = parts[2] if len(parts) > 2 else ""
        if place not in found:
            raise TellerError(404, "not_found", "The requested resource was not found.")
        return json_answer(found[place]())

    def _enrollment(self, request: Request) -> Enrollment:
        token = _token(request)
        if not token:
            raise TellerError(401, "unauthorized", "Missing access token.")
        found = self.enrollments.find(token)
        if self.stage.faults.own(request.path, "disconnected"):
            self.enrollments.end(token, DISCONNECTED)
        ended = self.enrollments.ended.get(token)
        if found is None or ended == "revoked":
            raise TellerError(403, "forbidden", "The access token is invalid or was revoked.")
        if ended is not None:
            raise TellerError(404, ended, "The enrollment is disconnected: the user must log in.")
        return found

    def _accounts(self, request: Request, enrollment: Enrollment) -> Answer:
        if request.method == "DELETE":
            self.enrollments.end(enrollment.token, "revoked")
            return Answer(204, b"")
        accounts = enrollment.accounts(self.stage.world.bank)
        base = _base(request)
        return json_answer([account_object(enrollment, account, base) for account in accounts])

    def _account(self, enrollment: Enrollment, wanted: str) -> BankAccount:
        for account in enrollment.accounts(self.stage.world.bank):
            if account_id(enrollment, account) == wanted:
                return account
        raise TellerError(404, "not_found", "The requested account was not found.")

    def _details(self, enrollment: Enrollment, account: BankAccount, base: str) -> dict[str, Any]:
        if account.routing is None:
            raise TellerError(404, "not_found", "The institution does not offer this.")
        return details_object(enrollment, account, base)

    def _lines(
        self, request: Request, enrollment: Enrollment, account: BankAccount, rest: list[str]
    ) -> Any:
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        now, base, bank = self.stage.clock.now(), _base(request), self.stage.world.bank
        since, until = _day(query, "start_date"), _day(query, "end_date")
        balance, found = account.opening_balance, []
        for line in bank.lines_at(account.id, now):
            posted = line.state_at(now) == "posted"
            balance += line.amount if posted else 0
            after = balance if posted else None
            found.append(line_object(enrollment, account, line, base, now, after))
        # Newest first: pending ones, then the posted ones backwards.
        found.reverse()
        if rest:
            one = [line for line in found if line["id"] == rest[0]]
            if not one:
                raise TellerError(404, "not_found", "The requested transaction was not found.")
            return one[0]
        found = [line for line in found if since <= line["date"] <= (until or "9999")]
        if "from_id" in query:
            ids = [line["id"] for line in found]
            if query["from_id"] not in ids:
                raise TellerError(404, "not_found", "The requested transaction was not found.")
            found = found[ids.index(query["from_id"]) + 1 :]
        return found[: _count(query)]


def _token(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _base(request: Request) -> str:
    return f"http://{request.headers.get('host', '')}/teller"


def _day(query: dict[str, str], name: str) -> str:
    if name not in query:
        return ""
    try:
        return date.fromisoformat(query[name]).isoformat()
    except ValueError:
        raise TellerError(422, "unprocessable_entity", f"{name} is no date.") from None


def _count(query: dict[str, str]) -> int | None:
    if "count" not in query:
        return None
    if not query["count"].isdigit() or int(query["count"]) < 1:
        raise TellerError(422, "unprocessable_entity", "count is no positive number.")
    return int(query["count"])
