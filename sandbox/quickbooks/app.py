"""How does a request become Intuit's answer? Consent, tokens, or a company's query or changes."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

import msgspec

from sandbox.faults import Fault
from sandbox.grants import Grants, basic, bearer
from sandbox.provider import Stage
from sandbox.quickbooks import CLIENT_ID, CLIENT_SECRET, REALM, realm_of
from sandbox.quickbooks.ledger import moment
from sandbox.quickbooks.objects import ENTITIES, Objects
from sandbox.quickbooks.query import Query, QueryError, Row, seconds
from sandbox.shelf import Shelf
from sandbox.wire import Answer, Request, json_answer

MOST_CHANGES = 1000
LOOK_BACK = 30 * 86_400
PER_MINUTE, PER_SECOND = 500, 10
ACCESS_SECONDS = 3_600
REFRESH_SECONDS = 8_726_400
_PLANTED = "sandbox-company-"


class QuickBooksError(Exception):
    """A request that Intuit refuses."""

    def __init__(self, status: int, code: str, message: str, detail: str, kind: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.detail, self.kind = detail, kind

    def answer(self, at: int) -> Answer:
        """The Fault on the wire; the gateway before the API spells it in lower case."""
        if self.kind in ("AUTHENTICATION", "SERVICE"):
            words = {"message": self.message, "detail": self.detail, "code": self.code}
            fault: dict[str, Any] = {
                "warnings": None, "fault": {"error": [words], "type": self.kind},
            }  # fmt: skip
        else:
            named = {"Message": self.message, "Detail": self.detail, "code": self.code}
            fault = {"Fault": {"Error": [named], "type": self.kind}, "time": moment(at)}
        return json_answer(fault, self.status)


class QuickBooksApp:
    """Intuit's authorization server and the companies behind it."""

    name = "quickbooks"
    fault_kinds = frozenset({"token_expired", "grant_ended"})

    def __init__(self, stage: Stage) -> None:
        """Open the grants that the stage's folder keeps."""
        self.stage = stage
        self.grants = Grants(Shelf(stage.folder), stage.clock, ACCESS_SECONDS)
        self.seen: dict[str, deque[float]] = defaultdict(deque)
        self._objects: Objects | None = None

    @property
    def objects(self) -> Objects:
        """The books, kept when first asked for."""
        if self._objects is None:
            world = self.stage.world
            self._objects = Objects(world.accounting, world.spec.start_at)
        return self._objects

    def credential(self, request: Request) -> str:
        """The company of the request, or nobody's."""
        parts = request.path.split("/")
        return parts[3] if parts[1:3] == ["v3", "company"] and len(parts) > 3 else ""

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        now = self.stage.clock.now()
        try:
            if request.path == "/connect/oauth2":
                return self._consent(request)
            if request.path == "/oauth2/v1/tokens/bearer":
                return self._tokens(request)
            if request.path == "/v2/oauth2/tokens/revoke":
                return self._revoke(request)
            return self._company(request, now)
        except QueryError as error:
            kind, detail = str(error).split(": ", 1)
            return QuickBooksError(400, "4000", f"Error parsing query: {kind}", detail,
                                   "ValidationFault").answer(now)  # fmt: skip
        except QuickBooksError as error:
            return error.answer(now)

    def refuse(self, fault: Fault, request: Request) -> Answer:
        """The answer under a `rate_limit` or an `error`."""
        now = self.stage.clock.now()
        if fault.kind == "error":
            return QuickBooksError(
                500, "10000", "An application error has occurred", "", "SystemFault"
            ).answer(now)
        answer = _throttled().answer(now)
        answer.headers["retry-after"] = str(fault.retry_after)
        return answer

    def spoil(self, answer: Answer, request: Request) -> Answer:
        """A good answer in which one object's amount is no number and its date is another's."""
        body = msgspec.json.decode(answer.body, type=dict[str, msgspec.Raw])
        if "QueryResponse" not in body:
            return answer
        members = msgspec.json.decode(body["QueryResponse"], type=dict[str, msgspec.Raw])
        for name in ENTITIES:
            rows = msgspec.json.decode(members.get(name, b"[]"), type=list[msgspec.Raw])
            if rows:
                place = self.stage.faults.random.randrange(len(rows))
                value = msgspec.json.decode(rows[place])
                value |= {"TotalAmt": "about 12", "TxnDate": "13/14/2026"}
                rows[place] = msgspec.Raw(msgspec.json.encode(value))
                members[name] = msgspec.Raw(msgspec.json.encode(rows))
        body["QueryResponse"] = msgspec.Raw(msgspec.json.encode(members))
        answer.body = msgspec.json.encode(body)
        return answer

    def _consent(self, request: Request) -> Answer:
        """GET /connect/oauth2: a user who always agrees; `company` picks which."""
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        if asked.get("client_id") != CLIENT_ID or not asked.get("redirect_uri"):
            return Answer(400, b"The redirect_uri or client_id is invalid.", {}, "text/plain")
        realm = realm_of(int(asked.get("company", "1")))
        code = self.grants.consent({"realm": realm}, asked["redirect_uri"])
        answer = {"code": code, "state": asked.get("state", ""), "realmId": realm}
        return Answer(302, b"", {"location": f"{asked['redirect_uri']}?{urlencode(answer)}"})

    def _tokens(self, request: Request) -> Answer:
        """POST /oauth2/v1/tokens/bearer."""
        if basic(request.headers.get("authorization", "")) != (CLIENT_ID, CLIENT_SECRET):
            return json_answer({"error": "invalid_client"}, 401)
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if form.get("grant_type") == "authorization_code":
            pair = self.grants.exchange(form.get("code", ""), form.get("redirect_uri", ""))
        elif form.get("grant_type") == "refresh_token":
            token = form.get("refresh_token", "")
            number = token.removeprefix(_PLANTED)
            if token.startswith(_PLANTED) and number.isdigit():
                self.grants.plant(token, {"realm": realm_of(int(number))})
            if self.stage.faults.own(request.path, "grant_ended"):
                self.grants.revoke(token)
            pair = self.grants.refresh(token)
        else:
            return json_answer({"error": "unsupported_grant_type"}, 400)
        if pair is None:
            words = "Incorrect or invalid refresh token"
            return json_answer({"error": "invalid_grant", "error_description": words}, 400)
        return json_answer({
            "token_type": "bearer", "access_token": pair.access, "expires_in": ACCESS_SECONDS,
            "refresh_token": pair.refresh, "x_refresh_token_expires_in": REFRESH_SECONDS,
        })  # fmt: skip

    def _revoke(self, request: Request) -> Answer:
        """POST /v2/oauth2/tokens/revoke."""
        if basic(request.headers.get("authorization", "")) != (CLIENT_ID, CLIENT_SECRET):
            return json_answer({"error": "invalid_client"}, 401)
        form = parse_qs(request.body.decode())
        self.grants.revoke((form.get("token") or [""])[0])
        return Answer(200, b"")

    def _company(self, request: Request, now: int) -> Answer:
        """GET below /v3/company/{realm}."""
        realm = self.credential(request)
        self._authorize(request, realm)
        self._count(realm)
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        place = request.path.split("/")[4:]
        if place == ["query"]:
            return self._query(query.get("query", ""), now)
        if place == ["cdc"]:
            return self._changes(query, now)
        if place == ["companyinfo", realm]:
            row = self.objects.rows("CompanyInfo", now)[0]
            body = b'{"CompanyInfo":%b,"time":"%b"}' % (row.body, moment(now).encode())
            return Answer(200, body)
        raise QuickBooksError(404, "120", "Unsupported Operation", request.path, "ValidationFault")

    def _authorize(self, request: Request, realm: str) -> None:
        token = bearer(request.headers.get("authorization", ""))
        asked = f"{request.path}?{unquote_plus(request.query)}"
        if self.stage.faults.own(asked, "token_expired"):
            self.grants.expire(token)
        subject = self.grants.subject(token)
        if subject is None:
            raise QuickBooksError(
                401, "3200", "message=AuthenticationFailed; errorCode=003200; statusCode=401",
                "Token expired", "AUTHENTICATION",
            )  # fmt: skip
        if subject["realm"] != realm or not realm.isdigit() or int(realm) <= REALM:
            raise QuickBooksError(
                403, "3100", "message=ApplicationAuthorizationFailed; errorCode=003100; "
                "statusCode=403", "", "AUTHENTICATION",
            )  # fmt: skip

    def _count(self, realm: str) -> None:
        """Refuse what is beyond the limits of the last minute and second."""
        now, seen = time.monotonic(), self.seen[realm]
        while seen and seen[0] <= now - 60:
            seen.popleft()
        if len(seen) >= PER_MINUTE or sum(1 for at in seen if at > now - 1) >= PER_SECOND:
            raise _throttled()
        seen.append(now)

    def _query(self, text: str, now: int) -> Answer:
        """GET query."""
        query = Query.parse(text)
        if query.entity not in ENTITIES:
            raise QueryError(f"QueryValidationError: No entity {query.entity}")
        found = query.select(self.objects.rows(query.entity, now))
        if query.fields.lower().replace(" ", "") == "count(*)":
            return _query_answer(f'"totalCount":{len(found)}', now)
        page = query.page(found)
        if not page:
            return _query_answer("", now)
        texts = _joined(page, only_ids=query.fields.strip() == "Id")
        tail = f'"startPosition":{query.start},"maxResults":{len(page)}'
        return _query_answer(f'"{query.entity}":[{texts}],{tail}', now)

    def _changes(self, query: dict[str, str], now: int) -> Answer:
        """GET cdc: every entity's changes, 1,000 objects at most, the oldest first."""
        since = seconds(query.get("changedSince", ""))
        if now - since > LOOK_BACK:
            raise QuickBooksError(
                400, "2020", "Required parameter changedSince is out of range",
                "Changed since is more than 30 days ago", "ValidationFault",
            )  # fmt: skip
        left, groups = MOST_CHANGES, []
        for entity in filter(None, query.get("entities", "").split(",")):
            if entity not in ENTITIES or entity == "Preferences":
                raise QueryError(f"QueryValidationError: No entity {entity}")
            rows = self.objects.changes(entity, since, now)[:left]
            left -= len(rows)
            if rows:
                tail = f'"startPosition":1,"maxResults":{len(rows)}'
                groups.append(f'{{"{entity}":[{_joined(rows)}],{tail}}}')
            else:
                groups.append("{}")
        found = ",".join(groups)
        text = f'{{"CDCResponse":[{{"QueryResponse":[{found}]}}],"time":"{moment(now)}"}}'
        return Answer(200, text.encode())


def _joined(rows: Sequence[Row], *, only_ids: bool = False) -> str:
    if only_ids:
        return ",".join(f'{{"domain":"QBO","sparse":true,"Id":"{row.id}"}}' for row in rows)
    return b",".join(row.body for row in rows).decode()


def _query_answer(members: str, now: int) -> Answer:
    text = f'{{"QueryResponse":{{{members}}},"time":"{moment(now)}"}}'
    return Answer(200, text.encode())


def _throttled() -> QuickBooksError:
    return QuickBooksError(
        429, "3001", "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "The request limit was reached.", "SERVICE",
    )  # fmt: skip
