"""Who consented to what? Agreements, requisitions, and the accounts that a requisition opens.

Accounts get a new id with every requisition, as at GoCardless.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sandbox.clock import Clock
from sandbox.euro_lines import OWNER, moment
from sandbox.gocardless.errors import Refusal, expired, field_refusal, not_found
from sandbox.gocardless.render import CONSENT_DAYS, HISTORY_DAYS, banks
from sandbox.shelf import Shelf
from sandbox.wire import Answer, Request, json_answer
from sandbox.world import World

SCOPES = ("balances", "details", "transactions")


class Consents:
    """The agreements and requisitions of one application."""

    def __init__(self, world: World, clock: Clock, shelf: Shelf) -> None:
        """Keep them on a shelf."""
        self.world, self.clock, self.shelf = world, clock, shelf

    def agree(self, wanted: dict[str, Any]) -> Answer:
        """POST /agreements/enduser/."""
        institution = str(wanted.get("institution_id", ""))
        if institution not in banks(self.world.bank):
            return field_refusal(
                "institution_id", f"Unknown Institution ID {institution}",
                "Get Institution IDs from /institutions/?country={$COUNTRY_CODE}",
            )  # fmt: skip
        history = wanted.get("max_historical_days", 90)
        days = wanted.get("access_valid_for_days", 90)
        if not isinstance(history, int) or not 0 < history <= HISTORY_DAYS:
            return field_refusal(
                "max_historical_days", "Incorrect max_historical_days",
                f"max_historical_days must be > 0 and <= {HISTORY_DAYS}",
            )  # fmt: skip
        if not isinstance(days, int) or not 0 < days <= CONSENT_DAYS:
            return field_refusal(
                "access_valid_for_days", "Incorrect access_valid_for_days",
                f"access_valid_for_days must be > 0 and <= {CONSENT_DAYS}",
            )  # fmt: skip
        agreement: dict[str, Any] = {
            "id": self._new("agreement", institution),
            "created": moment(self.clock.now()),
            "institution_id": institution,
            "max_historical_days": history,
            "access_valid_for_days": days,
            "access_scope": list(wanted.get("access_scope") or SCOPES),
            "accepted": None,
        }
        self.shelf.put("agreement", agreement["id"], agreement)
        return json_answer(agreement, 201)

    def require(self, wanted: dict[str, Any], base: str) -> Answer:
        """POST /requisitions/."""
        reference = str(wanted.get("reference") or uuid.uuid4())
        if any(known["reference"] == reference for known in self.shelf.all("requisition")):
            return field_refusal(
                "reference", "Client reference must be unique",
                f"Client reference: {reference} already exists",
            )  # fmt: skip
        institution = str(wanted.get("institution_id", ""))
        agreement = self.shelf.get("agreement", str(wanted.get("agreement", "")))
        if agreement is None or agreement["institution_id"] != institution:
            return field_refusal(
                "agreement", "Invalid EUA", f"{wanted.get('agreement')} is no agreement of yours"
            )
        if not urlsplit(str(wanted.get("redirect", ""))).netloc:
            return field_refusal(
                "redirect", "Invalid redirect URI",
                "Redirect URI must have a valid URI structure",
            )  # fmt: skip
        identity = self._new("requisition", reference)
        requisition = {
            "id": identity,
            "created": moment(self.clock.now()),
            "redirect": wanted["redirect"],
            "status": "CR",
            "institution_id": institution,
            "agreement": agreement["id"],
            "reference": reference,
            "accounts": [],
            "user_language": wanted.get("user_language", "EN"),
            "link": f"{base}/psd2/start/{identity}/{institution}",
            "account_selection": bool(wanted.get("account_selection", False)),
            "redirect_immediate": bool(wanted.get("redirect_immediate", False)),
        }
        self.shelf.put("requisition", identity, requisition)
        return json_answer(requisition, 201)

    def consent(self, identity: str, request: Request) -> Answer:
        """The user opens the link: consents, or declines where the query says `decline`."""
        requisition = self.shelf.get("requisition", identity)
        if requisition is None:
            raise not_found()
        answer = {"ref": requisition["reference"]}
        if "decline" in request.query:
            answer |= {"error": "UserCancelledSession", "details": "User cancelled the session."}
            requisition["status"] = "RJ"
        else:
            agreement = self.agreement(requisition)
            agreement["accepted"] = moment(self.clock.now())
            self.shelf.put("agreement", agreement["id"], agreement)
            requisition["status"] = "LN"
            requisition["accounts"] = [
                self._open(requisition, account.id)
                for account in banks(self.world.bank)[requisition["institution_id"]]
            ]
        self.shelf.put("requisition", identity, requisition)
        parts = urlsplit(requisition["redirect"])
        query = urlencode([*parse_qsl(parts.query), *answer.items()])
        return Answer(302, b"", {"location": urlunsplit(parts._replace(query=query))})

    def requisition(self, identity: str) -> dict[str, Any]:
        """One requisition as it is now."""
        found = self.shelf.get("requisition", identity)
        if found is None:
            raise not_found()
        if found["status"] == "LN" and self.clock.now() >= self.ends_at(self.agreement(found)):
            found["status"] = "EX"
        return found

    def delete(self, identity: str) -> dict[str, Any]:
        """DELETE a requisition with its agreement."""
        found = self.requisition(identity)
        self.shelf.drop("requisition", identity)
        self.shelf.drop("agreement", found["agreement"])
        return {
            "summary": "Requisition deleted",
            "detail": f"Requisition {identity} deleted with all its End User Agreements",
        }

    def agreement(self, requisition: dict[str, Any]) -> dict[str, Any]:
        """The agreement of a requisition."""
        found = self.shelf.get("agreement", requisition["agreement"])
        if found is None:
            raise not_found()
        return found

    def account(self, identity: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """An account that may be read, and its agreement.

        Raises:
            Refusal: It is unknown, or its consent has ended.
        """
        try:
            uuid.UUID(identity)
        except ValueError:
            detail = f"{identity} is not a valid UUID."
            raise Refusal(400, "Invalid Account ID", detail) from None
        found = self.shelf.get("account", identity)
        requisition = found and self.shelf.get("requisition", found["requisition"])
        if not found or not requisition:
            raise Refusal(404, f"Account: {identity} not found", "")
        agreement = self.agreement(requisition)
        if self.clock.now() >= (ends_at := self.ends_at(agreement)):
            raise expired(agreement, moment(ends_at))
        return found, agreement

    def end(self, account: str) -> None:
        """Let the consent of an account end now."""
        found = self.shelf.get("account", account)
        requisition = found and self.shelf.get("requisition", found["requisition"])
        if requisition:
            agreement = self.agreement(requisition)
            earlier = self.clock.now() - agreement["access_valid_for_days"] * 86_400
            agreement["accepted"] = moment(earlier)
            self.shelf.put("agreement", agreement["id"], agreement)

    @staticmethod
    def ends_at(agreement: dict[str, Any]) -> int:
        """The second in which an accepted agreement ends."""
        if not agreement["accepted"]:
            return 0
        accepted = datetime.fromisoformat(agreement["accepted"])
        return int((accepted + timedelta(days=agreement["access_valid_for_days"])).timestamp())

    def _open(self, requisition: dict[str, Any], account_id: str) -> str:
        account = self.world.bank.account(account_id)
        identity = str(uuid.uuid5(uuid.UUID(requisition["id"]), account_id))
        self.shelf.put(
            "account",
            identity,
            {
                "account": account_id,
                "requisition": requisition["id"],
                "about": {
                    "id": identity,
                    "created": moment(self.clock.now()),
                    "last_accessed": None,
                    "iban": account.iban,
                    "institution_id": requisition["institution_id"],
                    "status": "READY",
                    "owner_name": OWNER,
                },
            },
        )
        return identity

    @staticmethod
    def _new(kind: str, name: str) -> str:
        return str(uuid.uuid5(uuid.uuid4(), f"{kind}/{name}"))
