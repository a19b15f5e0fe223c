"""How is one session of Enable Banking read? Its state first, then account by account.

Where a list of lines stands between two chunks is in the account's memory: the key of the next page
is only good with the same parameters, so those are kept with it. A line that was pending and is
shown no more has been booked under another id or dropped: it gets a tombstone.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from core.clock import utc_now
from core.errors import ProviderError
from linking.account_identity import account_key
from linking.enablebanking import consent_end
from pipelines.bank_rows import Names, fields_of, text_at
from pipelines.bank_visits import rows_gone, visit_bank
from pipelines.batches import RawObject
from pipelines.budget import Purse
from pipelines.enablebanking.client import EnableBankingClient, WrongContinuationError
from pipelines.enablebanking.rows import balances_of, page_of
from pipelines.failures import ConsentNeededError, NotOfferedError
from pipelines.http_client import Answer
from pipelines.reading import Memory, Visit

# How far back lines are read again: banks book, correct and enrich late.
OVERLAP = timedelta(days=14)


async def read(visit: Visit) -> bool:
    """Visit one connection and return whether everything asked for is read."""
    async with EnableBankingClient(visit.settings, visit.connection) as client:
        return await visit_bank(visit, Session(visit, client))


class Session:
    """One consent and its accounts."""

    objects: Mapping[str, str] = {
        "details": "account",
        "balances": "balance",
        "transactions": "transaction",
    }

    def __init__(self, visit: Visit, client: EnableBankingClient) -> None:
        self.visit = visit
        self.client = client
        self.consent = visit.connection.credentials.get("session_id", "")

    async def accounts(self) -> Sequence[str]:
        """Check the consent and return its accounts; see `BankSource`."""
        answer = await self.client.free(f"sessions/{self.consent}")
        session = fields_of(msgspec.Raw(answer.body))
        if not session:
            raise ProviderError("Enable Banking answered something unexpected for the session.")
        await self.visit.land("session", [_row(self.consent, answer.asked_at, answer.body)])
        status, ends_at = text_at(session, "status"), consent_end(session)
        until = f" It was given until {ends_at:%Y-%m-%d %H:%M} UTC." if ends_at else ""
        if status != "AUTHORIZED" or (ends_at is not None and ends_at <= utc_now()):
            words = status if status != "AUTHORIZED" else "EXPIRED"
            raise ConsentNeededError(
                f"The session is {words}.{until}",
                next_step="Connect the bank again.",
                provider_code=words,
            )
        if ends_at is not None:
            self.visit.memory["ends"] = int(ends_at.timestamp())
        accounts = session.get("accounts_data")
        found = accounts if isinstance(accounts, list) else []
        hashes = {
            text_at(account, "uid"): text_at(account, "identification_hash") for account in found
        }
        self.visit.memory["hashes"] = hashes
        return [uid for uid in hashes if uid]

    async def name(self, account: str, memory: Memory) -> None:
        """Name an account without its details, and so without its currency; see `BankSource`."""
        memory["key"] = account_key(self.visit.memory["hashes"].get(account) or account)

    async def read(self, scope: str, account: str, memory: Memory, purse: Purse) -> bool:
        """Make one reserved read and land what it brings; see `BankSource`."""
        if scope == "transactions":
            return await self._transactions(account, memory)
        answer = await self.client.counted(f"accounts/{account}/{scope}")
        if scope == "details":
            await self._details(account, memory, answer)
        else:
            rows = balances_of(answer.body, memory["key"], answer.asked_at)
            await self.visit.land("balance", rows)
        return True

    async def _details(self, account: str, memory: Memory, answer: Answer) -> None:
        fields = fields_of(msgspec.Raw(answer.body))
        number = (
            text_at(fields, "identification_hash")
            or self.visit.memory["hashes"].get(account)
            or account
        )
        memory["key"] = key = account_key(number, text_at(fields, "currency"))
        await self.visit.land("account", [_row(key, answer.asked_at, answer.body)])

    async def _transactions(self, account: str, memory: Memory) -> bool:
        """Read the pages of a list; False when the chunk is full before its end."""
        path = f"accounts/{account}/transactions"
        kept: dict[str, Any] = self.visit.memory.setdefault("lines", {}).setdefault(
            memory["key"], {}
        )
        at: dict[str, Any] = memory.get("at") or self._beginning(kept)
        known = set(kept.get("pending", ()))
        while True:
            answer = await self._page(path, at)
            names = Names(at["counts"])
            page = page_of(answer.body, memory["key"], answer.asked_at, names)
            await self.visit.land("transaction", page.rows)
            at["pending"] += page.pending
            at["seen"] += [row.id for row in page.rows if row.id in known]
            at["newest"] = max(at["newest"], page.newest_on)
            at["counts"] = dict(names.counts)
            if page.continuation_key and page.continuation_key == at["key"]:
                raise ProviderError("A page of Enable Banking names itself as the next one.")
            at["key"] = page.continuation_key
            if not page.continuation_key:
                break
            if self.visit.is_full():
                memory["at"] = at
                return False
        memory.pop("at", None)
        if not self._is_partial():
            gone = rows_gone(sorted(known), set(at["seen"]), answer.asked_at)
            await self.visit.land("transaction", gone)
            kept["pending"] = sorted(set(at["pending"]))
        kept["until"] = max(at["newest"], kept.get("until", ""))
        return True

    async def _page(self, path: str, at: dict[str, Any]) -> Answer:
        """Read the page at which a list stands."""
        query = {**at["query"], **({"continuation_key": at["key"]} if at["key"] else {})}
        try:
            return await self.client.counted(path, query)
        except WrongContinuationError:
            at |= self._anew(at["query"])
        except NotOfferedError:
            if at["query"].get("strategy") != "longest" or at["key"]:
                raise
            # Not every bank gives more than its default history.
            at |= self._anew({"strategy": "default"})
        return await self.client.counted(path, at["query"])

    def _beginning(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Return where a list begins: the window, what is new since the last read, or all."""
        window = self.visit.window
        if window is not None and (window.since_at or window.until_at):
            days = {"date_from": window.since_at, "date_to": window.until_at}
            query = {name: f"{at:%Y-%m-%d}" for name, at in days.items() if at is not None}
            return self._anew(query | {"strategy": "default"})
        until = str(kept.get("until", ""))
        if not until or window is not None:
            return self._anew({"strategy": "longest"})
        since = min(date.fromisoformat(until), utc_now().date()) - OVERLAP
        return self._anew({"date_from": since.isoformat(), "strategy": "default"})

    @staticmethod
    def _anew(query: dict[str, str]) -> dict[str, Any]:
        return {"query": query, "key": "", "counts": {}, "pending": [], "seen": [], "newest": ""}

    def _is_partial(self) -> bool:
        """Say whether the list leaves out today's lines, and so tells nothing of pending ones."""
        window = self.visit.window
        return window is not None and window.until_at is not None


def _row(identity: str, version: int, payload: bytes | msgspec.Raw) -> RawObject:
    return RawObject(identity, version, False, payload)  # noqa: FBT003
