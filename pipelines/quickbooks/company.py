"""How is one QuickBooks company asked? Queries and changes, within Intuit's limits.

Intuit allows 500 requests a minute and 10 a second per company, and asks for 60 s of silence after
a 429. Requests are spaced evenly below both (8 a second are 480 a minute), and a ceiling keeps them
there when some of them are held up on the way: a process cannot reach either limit by itself.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import httpx
import msgspec

from core.errors import ProviderError
from pipelines.batches import RawObject
from pipelines.ceiling import Ceiling
from pipelines.failures import ConsentNeededError, NotOfferedError
from pipelines.http_client import Patience, ProviderClient
from pipelines.quickbooks.objects import Entity
from pipelines.quickbooks.pages import IncompleteAnswerError, changed, queried

MINOR_VERSION = 75  # lower ones have been ignored since 2025-08
PAGE = 1000
MOST_CHANGES = 1000
PATIENCE = Patience(requests_per_second=8.0, concurrency=4, longest_wait_seconds=120.0)
PUBLISHED = ((10, 1.0), (500, 60.0))  # requests in any so many seconds
_SILENCE_SECONDS = "60"
_READS = 3
# Intuit's codes: no access for this application; no permission for this object.
_APPLICATION_REFUSED = frozenset({"3100", "003100", "3200", "003200"})
_NOT_PERMITTED = frozenset({"5020", "2500"})


class Company:
    """Asks one company (realm)."""

    def __init__(self, client: ProviderClient, realm: str) -> None:
        self.client = client
        self.realm = realm

    async def query(
        self, entity: Entity, *, where: str = "", position: int = 1, fields: str = "*"
    ) -> list[RawObject]:
        """Return a page of objects in the order of their ids, from `position` (1 is the first).

        Raises:
            ProviderError: The company refuses or does not answer.
        """
        conditions = " AND ".join(filter(None, (entity.where, where)))
        text = (
            f"SELECT {fields} FROM {entity.name}{f' WHERE {conditions}' if conditions else ''}"
            f" ORDERBY Id STARTPOSITION {position} MAXRESULTS {PAGE}"
        )
        for reads_left in reversed(range(_READS)):
            answer = await self.client.get(self._path("query"), self._asked({"query": text}))
            try:
                return queried(answer.body, entity.name, answer.asked_at)
            except IncompleteAnswerError:
                if not reads_left:
                    raise
        raise AssertionError

    async def changes(self, entities: Sequence[str], since: int) -> dict[str, list[RawObject]]:
        """Return what changed since a second, by entity: at most 1,000 objects in all.

        Raises:
            ProviderError: The company refuses or does not answer.
        """
        asked = {"entities": ",".join(entities), "changedSince": moment(since)}
        for reads_left in reversed(range(_READS)):
            answer = await self.client.get(self._path("cdc"), self._asked(asked))
            try:
                return changed(answer.body, answer.asked_at)
            except IncompleteAnswerError:
                if not reads_left:
                    raise
        raise AssertionError

    def _path(self, name: str) -> str:
        return f"v3/company/{self.realm}/{name}"

    def _asked(self, query: dict[str, str]) -> dict[str, str | int]:
        return {**query, "minorversion": MINOR_VERSION}


@lru_cache(maxsize=4096)
def ceiling_of(api_url: str, realm: str) -> Ceiling:
    """Return this process's ceiling of a company, whoever asks it: chunks, runs, audits."""
    return Ceiling(*PUBLISHED)


def moment(second: int) -> str:
    """Return a second as QuickBooks reads times."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def refusal(response: httpx.Response) -> ProviderError | None:
    """Return the error that an answer means for good, or None when asking again may help."""
    status = response.status_code
    if status == 429:
        response.headers.setdefault("Retry-After", _SILENCE_SECONDS)
        return None
    if status >= 500:
        return None
    code, text = _words(response)
    if status == 401 or (status == 403 and code in _APPLICATION_REFUSED):
        return ConsentNeededError(text, next_step="Connect again.", provider_code=code)
    if code in _NOT_PERMITTED:
        return NotOfferedError(text, provider_code=code)
    return ProviderError(text, provider_code=code)


def _words(response: httpx.Response) -> tuple[str, str]:
    """Return QuickBooks' code and words; the gateway spells the envelope in lower case."""
    found: Any = None
    try:
        body = msgspec.json.decode(response.content)
        fault = body.get("Fault") or body.get("fault") or {}
        found = (fault.get("Error") or fault.get("error") or [None])[0]
    except (msgspec.DecodeError, AttributeError, IndexError, TypeError):
        found = None
    if not isinstance(found, dict):
        return "", f"QuickBooks answered {response.status_code}."
    named = {name.lower(): str(value) for name, value in found.items()}
    words = [named.get("message", ""), named.get("detail", "")]
    text = ": ".join(dict.fromkeys(word for word in words if word))
    return named.get("code", ""), text or f"QuickBooks answered {response.status_code}."
