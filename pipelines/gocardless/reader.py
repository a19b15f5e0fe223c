"""How is one connection of GoCardless read? Its consent first, then account by account.

The agreement's end is known beforehand, so a consent that has ended is said so without a call. A
pending line that is shown no more has been booked or dropped: it gets a tombstone, by the ids that
the connection's memory holds of the last answer.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from core.clock import utc_now
from core.errors import ProviderError
from linking.account_identity import account_key
from linking.gocardless import consent_end
from pipelines.bank_rows import fields_of, text_at
from pipelines.bank_visits import rows_gone, visit_bank
from pipelines.batches import RawObject
from pipelines.budget import Purse
from pipelines.failures import ConsentNeededError
from pipelines.gocardless.client import GoCardlessClient
from pipelines.gocardless.rows import balances_of, detail_of, lines_of
from pipelines.http_client import Answer
from pipelines.reading import Memory, Visit

# How far back lines are read again: banks book, correct and enrich late.
OVERLAP = timedelta(days=14)
_ENDED = {"EX": "has expired", "RJ": "was rejected", "SU": "is suspended", "ER": "failed"}


async def read(visit: Visit) -> bool:
    """Visit one connection and return whether everything asked for is read."""
    async with GoCardlessClient(visit.settings, visit.connection) as client:
        return await visit_bank(visit, Requisition(visit, client))


class Requisition:
    """One consent and its accounts."""

    objects: Mapping[str, str] = {
        "details": "account_detail",
        "balances": "balance",
        "transactions": "transaction",
    }

    def __init__(self, visit: Visit, client: GoCardlessClient) -> None:
        self.visit = visit
        self.client = client
        self.consent = visit.connection.credentials.get("requisition_id", "")

    async def accounts(self) -> Sequence[str]:
        """Check the consent and return its accounts; see `BankSource`."""
        path = f"requisitions/{self.consent}/"
        requisition = await self._free("requisition", path, self.consent)
        status = text_at(requisition, "status")
        agreement = text_at(requisition, "agreement")
        if status != "LN":
            raise ConsentNeededError(
                f"The consent {_ENDED.get(status, f'has the status {status}')}.",
                next_step="Connect the bank again.",
                provider_code=status,
            )
        terms = await self._free("agreement", f"agreements/enduser/{agreement}/", agreement)
        ends_at = consent_end(terms)
        if ends_at is not None and ends_at <= utc_now():
            raise ConsentNeededError(
                f"End User Agreement {agreement} was valid for {terms['access_valid_for_days']}"
                f" days and ended at {ends_at:%Y-%m-%d %H:%M} UTC.",
                next_step="Connect the bank again.",
            )
        if ends_at is not None:
            self.visit.memory["ends"] = int(ends_at.timestamp())
        institution = text_at(requisition, "institution_id")
        await self._free("institution", f"institutions/{institution}/", institution)
        accounts = requisition.get("accounts")
        return [str(account) for account in accounts] if isinstance(accounts, list) else []

    async def name(self, account: str, memory: Memory) -> None:
        """Name an account without its details, and so without its currency; see `BankSource`."""
        about = await self.client.free(f"accounts/{account}/")
        summary = fields_of(msgspec.Raw(about.body))
        number = text_at(summary, "iban") or text_at(summary, "bban") or account
        memory["key"], memory["institution"] = (
            account_key(number), text_at(summary, "institution_id")
        )  # fmt: skip
        await self.visit.land("account", [_row(memory["key"], about.asked_at, about.body)])

    async def read(self, scope: str, account: str, memory: Memory, purse: Purse) -> bool:
        """Make one reserved call and land what it brings; see `BankSource`."""
        path = f"accounts/{account}/{scope}/"
        if scope == "details":
            about = await self.client.free(f"accounts/{account}/")
            answer = await self.client.counted(path, purse)
            await self._details(account, memory, about, answer)
            return True
        query = self._query(memory) if scope == "transactions" else None
        answer = await self.client.counted(path, purse, query)
        if scope == "balances":
            rows = balances_of(answer.body, _prefix(memory), answer.asked_at)
            await self.visit.land("balance", rows)
        else:
            await self._transactions(memory, answer.body, answer.asked_at)
        return True

    async def _details(self, account: str, memory: Memory, about: Answer, answer: Answer) -> None:
        detail = detail_of(answer.body)
        summary, fields = fields_of(msgspec.Raw(about.body)), fields_of(detail)
        number = next(
            filter(
                None,
                (
                    text_at(summary, "iban"), text_at(fields, "iban"), text_at(summary, "bban"),
                    text_at(fields, "bban"), text_at(fields, "scan"), text_at(fields, "maskedPan"),
                    text_at(fields, "resourceId"),
                ),
            ),
            account,
        )  # fmt: skip
        memory["key"] = key = account_key(number, text_at(fields, "currency"))
        memory["institution"] = text_at(summary, "institution_id")
        await self.visit.land("account", [_row(key, about.asked_at, about.body)])
        await self.visit.land("account_detail", [_row(_prefix(memory), answer.asked_at, detail)])

    async def _transactions(self, memory: Memory, body: bytes, version: int) -> None:
        key = memory["key"]
        kept: dict[str, Any] = self.visit.memory.setdefault("lines", {}).setdefault(key, {})
        lines = lines_of(body, _prefix(memory), version, kept.get("reused", ()))
        await self.visit.land("transaction", lines.booked)
        await self.visit.land("pending_transaction", lines.pending)
        if not self._is_partial():
            shown = {row.id for row in lines.pending}
            gone = rows_gone(kept.get("pending", ()), shown, version)
            await self.visit.land("pending_transaction", gone)
            kept["pending"] = sorted(shown)
        kept["reused"] = sorted(lines.reused)
        kept["until"] = max(lines.newest_on, kept.get("until", ""))

    def _query(self, memory: Memory) -> dict[str, str]:
        """Return which days to ask for: those of the window, or those since the last read."""
        window = self.visit.window
        if window is not None:
            days = {"date_from": window.since_at, "date_to": window.until_at}
            return {name: f"{at:%Y-%m-%d}" for name, at in days.items() if at is not None}
        until = self.visit.memory.get("lines", {}).get(memory["key"], {}).get("until", "")
        if not until:
            return {}
        since = min(date.fromisoformat(until), utc_now().date()) - OVERLAP
        return {"date_from": since.isoformat()}

    def _is_partial(self) -> bool:
        """Say whether the answer leaves out today's lines, and so tells nothing of pending ones."""
        window = self.visit.window
        return window is not None and window.until_at is not None

    async def _free(self, name: str, path: str, identity: str) -> Mapping[str, Any]:
        """Read and land one object by a free call."""
        answer = await self.client.free(path)
        fields = fields_of(msgspec.Raw(answer.body))
        if not fields:
            raise ProviderError(f"GoCardless answered something unexpected for the {name}.")
        await self.visit.land(name, [_row(identity, answer.asked_at, answer.body)])
        return fields


def _prefix(memory: Memory) -> str:
    return f"{memory['key']}/{memory['institution']}"


def _row(identity: str, version: int, payload: bytes | msgspec.Raw) -> RawObject:
    return RawObject(identity, version, False, payload)  # noqa: FBT003
