"""Who consented to what? Authorizations under way, and the sessions that they became."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from core.clock import utc_now
from sandbox.clock import Clock
from sandbox.enablebanking.errors import Refusal
from sandbox.enablebanking.render import CONSENT_SECONDS, banks, identification_hash, resource
from sandbox.euro_lines import moment
from sandbox.shelf import Shelf
from sandbox.wire import Answer, Request, json_answer
from sandbox.world import World


class Sessions:
    """The consents of one application."""

    def __init__(self, world: World, clock: Clock, shelf: Shelf) -> None:
        """Keep them on a shelf."""
        self.world, self.clock, self.shelf = world, clock, shelf

    def authorize(self, wanted: dict[str, Any], base: str) -> Answer:
        """POST /auth."""
        try:
            until = datetime.fromisoformat(wanted["access"]["valid_until"])
            bank, redirect = wanted["aspsp"], str(wanted["redirect_url"])
            name, country, state = bank["name"], bank["country"], str(wanted["state"])
        except (KeyError, TypeError, ValueError):
            raise Refusal(422, "WRONG_REQUEST_PARAMETERS", "Wrong request parameters") from None
        if name not in banks(self.world.bank) or not country:
            raise Refusal(400, "WRONG_ASPSP_PROVIDED", "Wrong ASPSP name provided")
        longest = self.clock.now() + CONSENT_SECONDS
        if until.tzinfo is None or until.timestamp() > max(longest, _real_longest()):
            raise Refusal(422, "WRONG_REQUEST_PARAMETERS", "valid_until is beyond the maximum")
        if not urlsplit(redirect).netloc:
            raise Refusal(400, "REDIRECT_URI_NOT_ALLOWED", "Redirect URI not allowed")
        identity = str(uuid.uuid4())
        # The caller counts from the real time, the sandbox from its own: the length is what holds.
        seconds = int(until.timestamp() - utc_now().timestamp())
        self.shelf.put(
            "authorization",
            identity,
            {
                "aspsp": {"name": name, "country": country},
                "state": state,
                "redirect_url": redirect,
                "psu_type": wanted.get("psu_type", "personal"),
                "valid_until": wanted["access"]["valid_until"],
                "seconds": seconds,
            },
        )
        return json_answer(
            {
                "url": f"{base}/ais/start?sessionid={identity}",
                "authorization_id": identity,
                "psu_id_hash": uuid.uuid5(uuid.NAMESPACE_URL, state).hex,
            }
        )

    def consent(self, request: Request) -> Answer:
        """The user opens the page: consents, or declines where the query says `decline`."""
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        found = self.shelf.get("authorization", query.get("sessionid", ""))
        if found is None:
            raise Refusal(404, "SESSION_DOES_NOT_EXIST", "Session does not exist")
        answer = {"state": found["state"]}
        if "decline" in query:
            answer |= {"error": "access_denied", "error_description": "Denied by the user"}
        else:
            answer["code"] = str(uuid.uuid4())
            self.shelf.put("code", answer["code"], found)
        parts = urlsplit(found["redirect_url"])
        text = urlencode([*parse_qsl(parts.query), *answer.items()])
        return Answer(302, b"", {"location": urlunsplit(parts._replace(query=text))})

    def open(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """POST /sessions: a code is good once."""
        code = str(wanted.get("code", ""))
        found = self.shelf.get("code", code)
        if found is None:
            raise Refusal(422, "WRONG_AUTHORIZATION_CODE", "Wrong authorization code provided")
        self.shelf.drop("code", code)
        identity, now = str(uuid.uuid4()), self.clock.now()
        uids = {
            str(uuid.uuid5(uuid.UUID(identity), account.id)): account.id
            for account in banks(self.world.bank)[found["aspsp"]["name"]]
        }
        for uid, account in uids.items():
            self.shelf.put("uid", uid, {"session": identity, "account": account})
        session = {
            "status": "AUTHORIZED",
            "accounts": list(uids),
            "accounts_data": [self._data(uid, account) for uid, account in uids.items()],
            "aspsp": found["aspsp"],
            "psu_type": found["psu_type"],
            "psu_id_hash": uuid.uuid5(uuid.NAMESPACE_URL, found["state"]).hex,
            "access": {
                "accounts": None,
                "balances": True,
                "transactions": True,
                "valid_until": found["valid_until"],
            },
            "created": moment(now),
            "authorized": moment(now),
            "closed": None,
            "ends": now + max(1, found["seconds"]),
        }
        self.shelf.put("session", identity, session)
        return {
            "session_id": identity,
            "accounts": [
                resource(self.world.bank.account(account), uid) for uid, account in uids.items()
            ],
            "aspsp": session["aspsp"],
            "psu_type": session["psu_type"],
            "access": session["access"],
        }

    def get(self, identity: str) -> dict[str, Any]:
        """GET /sessions/{id}: as it is now."""
        found = self._found(identity)
        return {name: value for name, value in found.items() if name != "ends"}

    def close(self, identity: str) -> dict[str, Any]:
        """DELETE /sessions/{id}."""
        found = self._found(identity)
        self._check(found)
        found |= {"status": "CLOSED", "closed": moment(self.clock.now())}
        self.shelf.put("session", identity, found)
        return {"message": "OK"}

    def account(self, uid: str) -> str:
        """The company's account behind a uid that may be read.

        Raises:
            Refusal: It is unknown, or its session has ended.
        """
        known = self.shelf.get("uid", uid)
        if known is None:
            raise Refusal(404, "ACCOUNT_DOES_NOT_EXIST", "No account found matching provided id")
        self._check(self._found(known["session"]))
        return str(known["account"])

    def end(self, uid: str) -> None:
        """Let the session of an account end now."""
        known = self.shelf.get("uid", uid)
        if known is not None:
            found = self._found(known["session"])
            found["ends"] = self.clock.now()
            self.shelf.put("session", known["session"], found)

    def _found(self, identity: str) -> dict[str, Any]:
        found = self.shelf.get("session", identity)
        if found is None:
            raise Refusal(404, "SESSION_DOES_NOT_EXIST", "Session does not exist")
        if found["status"] == "AUTHORIZED" and self.clock.now() >= found["ends"]:
            found["status"] = "EXPIRED"
        return found

    @staticmethod
    def _check(found: dict[str, Any]) -> None:
        words = {
            "EXPIRED": ("EXPIRED_SESSION", "Session is expired"),
            "CLOSED": ("CLOSED_SESSION", "Session is closed"),
        }
        if found["status"] in words:
            code, text = words[found["status"]]
            raise Refusal(401, code, text)

    def _data(self, uid: str, account_id: str) -> dict[str, Any]:
        stable = identification_hash(self.world.bank.account(account_id))
        return {"uid": uid, "identification_hash": stable, "identification_hashes": [stable]}


def _real_longest() -> float:
    """What a caller may ask for who does not know that the sandbox's clock was moved."""
    return utc_now().timestamp() + CONSENT_SECONDS
