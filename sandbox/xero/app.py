"""How does a request become Xero's answer? Consent, tokens, tenants, or an organisation's list."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

import msgspec

from sandbox.faults import Fault
from sandbox.grants import Grants, basic, bearer
from sandbox.provider import Stage
from sandbox.shelf import Shelf
from sandbox.wire import Answer, Request, json_answer
from sandbox.xero import CLIENT_ID, CLIENT_SECRET, COMPANY, tenant_of, uuid_of
from sandbox.xero.ledger import moment
from sandbox.xero.limits import Limits
from sandbox.xero.objects import DOCUMENTS, Objects, WhereError, selected, wire

ACCESS_SECONDS = 1_800
MOST_IN_PAGE, JOURNALS_IN_PAGE = 1_000, 100
PAGED = frozenset({"Contacts", *DOCUMENTS} - {"BankTransfers"})
_PLANTED = "sandbox-organisation-"
# The one scope that is looked at: not every application is given it.
JOURNALS_SCOPE = "accounting.journals.read"


class XeroError(Exception):
    """A request that Xero refuses."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body))
        self.status, self.body = status, body


class XeroApp:
    """Xero's identity server and the organisations behind it."""

    name = "xero"
    fault_kinds = frozenset({"token_expired", "grant_ended", "day_limit", "no_journals"})

    def __init__(self, stage: Stage) -> None:
        """Open the grants that the stage's folder keeps."""
        self.stage = stage
        self.shelf = Shelf(stage.folder)
        self.grants = Grants(self.shelf, stage.clock, ACCESS_SECONDS)
        self.limits = Limits(stage.clock)
        self._objects: Objects | None = None

    @property
    def objects(self) -> Objects:
        """The books, kept when first asked for."""
        if self._objects is None:
            world = self.stage.world
            self._objects = Objects(world.accounting, world.spec.start_at)
        return self._objects

    def credential(self, request: Request) -> str:
        """The tenant of the request, or nobody's."""
        return request.headers.get("xero-tenant-id", "")

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        try:
            if request.path == "/identity/connect/authorize":
                return self._consent(request)
            if request.path == "/connect/token":
                return self._tokens(request)
            if request.path == "/connect/revocation":
                return self._revoke(request)
            if request.path.startswith("/connections"):
                return self._connections(request)
            return self._list(request)
        except XeroError as error:
            return json_answer(error.body, error.status)

    def refuse(self, fault: Fault, request: Request) -> Answer:
        """The answer under a `rate_limit` or an `error`."""
        if fault.kind == "error":
            return json_answer({"ErrorNumber": 500, "Type": "Error", "Message": "An error"}, 500)
        headers = {"retry-after": str(fault.retry_after), "x-rate-limit-problem": "minute"}
        return Answer(429, b"", headers)

    def spoil(self, answer: Answer, request: Request) -> Answer:
        """A good answer in which one object's amount is no number and its date is another's."""
        body = msgspec.json.decode(answer.body, type=dict[str, msgspec.Raw])
        name = request.path.rsplit("/", 1)[-1]
        rows = msgspec.json.decode(body.get(name, b"[]"), type=list[msgspec.Raw])
        if rows:
            place = self.stage.faults.random.randrange(len(rows))
            value = msgspec.json.decode(rows[place])
            value |= {"Total": "about 12", "Amount": "about 12", "Date": "13/14/2026"}
            rows[place] = msgspec.Raw(msgspec.json.encode(value))
            body[name] = msgspec.Raw(msgspec.json.encode(rows))
            answer.body = msgspec.json.encode(body)
        return answer

    def _consent(self, request: Request) -> Answer:
        """GET /identity/connect/authorize: a user who always agrees.

        `organisations` says how many they let in, `organisation` which is the first.
        """
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        if asked.get("client_id") != CLIENT_ID or not asked.get("redirect_uri"):
            return Answer(400, b"Error: unauthorized_client", {}, "text/plain")
        first, number = int(asked.get("organisation", "1")), int(asked.get("organisations", "1"))
        subject = _subject(*range(first, first + number)) | {"scope": asked.get("scope", "")}
        code = self.grants.consent(subject, asked["redirect_uri"], asked.get("code_challenge", ""))
        answer = {"code": code, "scope": asked.get("scope", ""), "state": asked.get("state", "")}
        return Answer(302, b"", {"location": f"{asked['redirect_uri']}?{urlencode(answer)}"})

    def _client(self, request: Request, form: dict[str, str]) -> None:
        known = basic(request.headers.get("authorization", "")) == (CLIENT_ID, CLIENT_SECRET)
        if not known and form.get("client_id") != CLIENT_ID:
            raise XeroError(400, {"error": "invalid_client"})

    def _tokens(self, request: Request) -> Answer:
        """POST /connect/token."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        self._client(request, form)
        if form.get("grant_type") == "authorization_code":
            pair = self.grants.exchange(
                form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", "")
            )
        elif form.get("grant_type") == "refresh_token":
            token = form.get("refresh_token", "")
            number = token.removeprefix(_PLANTED)
            if token.startswith(_PLANTED) and number.isdigit():
                self.grants.plant(token, _subject(int(number)))
            if self.stage.faults.own(request.path, "grant_ended"):
                self.grants.revoke(token)
            pair = self.grants.refresh(token)
        else:
            raise XeroError(400, {"error": "unsupported_grant_type"})
        if pair is None:
            raise XeroError(400, {"error": "invalid_grant"})
        return json_answer({
            "id_token": "", "access_token": pair.access, "expires_in": ACCESS_SECONDS,
            "token_type": "Bearer", "refresh_token": pair.refresh,
            "scope": "offline_access accounting.transactions.read",
        })  # fmt: skip

    def _revoke(self, request: Request) -> Answer:
        """POST /connect/revocation."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        self._client(request, form)
        self.grants.revoke(form.get("token", ""))
        return Answer(200, b"")

    def _connections(self, request: Request) -> Answer:
        """GET /connections, DELETE /connections/{id}."""
        subject = self._authorize(request)
        mine = [
            {
                "id": uuid_of("connection", tenant), "authEventId": uuid_of("event", tenant),
                "tenantId": tenant, "tenantType": "ORGANISATION",
                "tenantName": COMPANY if number == 1 else f"{COMPANY} {number}",
                "createdDateUtc": "2026-01-01T00:00:00", "updatedDateUtc": "2026-01-01T00:00:00",
            }
            for number, tenant in subject["tenants"]
            if self.shelf.get("disconnected", tenant) is None
        ]  # fmt: skip
        if request.method == "DELETE":
            for connection in mine:
                if request.path.endswith(str(connection["id"])):
                    self.shelf.put("disconnected", str(connection["tenantId"]), {})
                    return Answer(204, b"")
            return Answer(404, b"")
        return json_answer(mine)

    def _authorize(self, request: Request) -> dict[str, Any]:
        token = bearer(request.headers.get("authorization", ""))
        asked = f"{request.path}?{unquote_plus(request.query)}"
        if self.stage.faults.own(asked, "token_expired"):
            self.grants.expire(token)
        subject = self.grants.subject(token)
        if subject is None:
            raise XeroError(401, {
                "Type": None, "Title": "Unauthorized", "Status": 401,
                "Detail": "TokenExpired: token expired", "Instance": uuid_of("instance"),
                "Extensions": {},
            })  # fmt: skip
        return subject

    def _list(self, request: Request) -> Answer:
        """GET /api.xro/2.0/{list}."""
        subject, tenant = self._authorize(request), self.credential(request)
        numbers = {name: number for number, name in subject["tenants"]}
        if tenant not in numbers or self.shelf.get("disconnected", tenant) is not None:
            raise XeroError(403, {
                "Type": None, "Title": "Forbidden", "Status": 403,
                "Detail": "AuthenticationUnsuccessful", "Instance": uuid_of("instance"),
                "Extensions": {},
            })  # fmt: skip
        name = request.path.removeprefix("/api.xro/2.0/")
        if (fault := self.stage.faults.own(request.path, "day_limit")) is not None:
            self.limits.per_day[tenant] = int(fault.value or 0)
        verdict = self.limits.count(tenant, self.stage.meters.under_way["xero", tenant])
        if verdict.problem:
            return Answer(429, b"", verdict.headers)
        answer = self._listed(name, request, numbers[tenant], subject["scope"])
        answer.headers |= verdict.headers
        return answer

    def _listed(self, name: str, request: Request, number: int, scope: str) -> Answer:
        now = self.stage.clock.now()
        query = {key: values[0] for key, values in parse_qs(request.query).items()}
        since = _since(request.headers.get("if-modified-since", ""))
        if name == "Organisation":
            body = wire(self.objects.ledger.organisation(number))
            return _answer("Organisations", [body], now)
        if name == "Journals" and JOURNALS_SCOPE not in scope.split():
            raise XeroError(401, {
                "Type": None, "Title": "Unauthorized", "Status": 401,
                "Detail": "AuthorizationUnsuccessful", "Instance": uuid_of("instance"),
                "Extensions": {},
            })  # fmt: skip
        if name == "Journals":
            if self.stage.faults.own(request.path, "no_journals"):
                raise XeroError(403, {
                    "Type": None, "Title": "Forbidden", "Status": 403,
                    "Detail": "The plan does not offer journals.",
                    "Instance": uuid_of("instance"), "Extensions": {},
                })  # fmt: skip
            offset = int(query.get("offset", "0"))
            return _answer(name, self.objects.journals(offset, now, JOURNALS_IN_PAGE), now)
        if name not in ("Accounts", "Contacts", *DOCUMENTS):
            raise XeroError(404, {"Title": "The resource you're looking for cannot be found"})
        try:
            rows = selected(self.objects.rows(name, now), query.get("where", ""), since)
        except WhereError as error:
            raise XeroError(400, {
                "ErrorNumber": 16, "Type": "QueryParseException",
                "Message": f"No property or field {error}",
            }) from None  # fmt: skip
        rows.sort(key=lambda row: row.id)
        if name not in PAGED or "page" not in query:
            return _answer(name, [row.body for row in rows], now)
        size = min(max(int(query.get("pageSize", "100")), 1), MOST_IN_PAGE)
        page = max(int(query["page"]), 1)
        shown = [row.body for row in rows[(page - 1) * size : page * size]]
        pagination = {
            "page": page, "pageSize": size, "pageCount": -(-len(rows) // size),
            "itemCount": len(rows),
        }  # fmt: skip
        return _answer(name, shown, now, pagination)


def _subject(*numbers: int) -> dict[str, Any]:
    tenants = [[number, tenant_of(number)] for number in numbers]
    return {"tenants": tenants, "scope": JOURNALS_SCOPE}


def _since(text: str) -> int:
    """The seconds of If-Modified-Since, in either of the forms that Xero takes."""
    if not text:
        return 0
    try:
        return int(datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return int(parsedate_to_datetime(text).timestamp())


def _answer(
    name: str, bodies: list[bytes], now: int, pagination: dict[str, int] | None = None
) -> Answer:
    head: dict[str, Any] = {
        "Id": uuid_of("answer", now), "Status": "OK", "ProviderName": "Oppulence sandbox",
        "DateTimeUTC": moment(now), **({"pagination": pagination} if pagination else {}),
    }  # fmt: skip
    text = wire(head)[:-1] + b',"' + name.encode() + b'":[' + b",".join(bodies) + b"]}"
    return Answer(200, text)
