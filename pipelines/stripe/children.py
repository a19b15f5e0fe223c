"""What belongs to a page's objects but is not on the page? Their nested lists, completed.

Stripe embeds at most the first items of a nested list (`completed` endpoints: the rest is fetched
when `has_more`); others must be asked for per parent (`children`). Both are read together with the
parent's page, so that a page counts as read only when everything below it is.
"""

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import replace

from pipelines.stripe.client import PAGE_SIZE, StripeClient
from pipelines.stripe.endpoints import Endpoint
from pipelines.stripe.errors import ListIntegrityError, NotPermittedError
from pipelines.stripe.pages import PAGE, Head, Item, check_page, items_of

OnSkip = Callable[[str, str], None]
_NOTHING: Mapping[str, Container[str]] = {}


class _Embedded(msgspec.Struct):
    data: list[Head] = []
    has_more: bool = False


@cache
def _parents(embedded: tuple[str, ...], plain: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """Return what reads these fields of a parent: made once, for any number of accounts."""
    fields: list[tuple[str, Any, Any]] = [(name, _Embedded | None, None) for name in embedded]
    fields += [(name, Any, None) for name in plain]
    return msgspec.json.Decoder(msgspec.defstruct("Parent", fields))


@dataclass(frozen=True, slots=True)
class Family:
    """A page's nested objects, and when they were read."""

    endpoint: Endpoint
    items: list[Item]
    held_at: int


class ChildReader:
    """Reads the nested lists below the objects of one parent type."""

    def __init__(
        self, client: StripeClient | None, endpoints: Sequence[Endpoint], skip: OnSkip
    ) -> None:
        self.client = client
        self.endpoints = list(endpoints)
        self.skip = skip
        self._parent = _parents(
            tuple(endpoint.embedded for endpoint in endpoints if endpoint.embedded),
            tuple(
                name
                for endpoint in endpoints
                for name in (endpoint.needs, endpoint.parent_key)
                if name
            ),
        )

    async def below(
        self, parents: Sequence[Item], moved: Mapping[str, Container[str]] = _NOTHING
    ) -> list[Family]:
        """Return everything nested below `parents` that is not embedded in them.

        Args:
            parents: Objects of one type.
            moved: The fields that an event says have changed, by the parent's id.
        """
        opened = {
            (endpoint.path, walked): (endpoint, walked, after)
            for parent in parents
            if self.endpoints and not parent.is_deleted
            for endpoint, walked, after in self._open(parent, moved.get(parent.id, ()))
        }
        reads = [self._read(*one) for one in opened.values()]
        return [family for family in await asyncio.gather(*reads) if family.items]

    def has_more(self, parent: Item, moved: Container[str] = ()) -> bool:
        """Say whether something is nested below `parent` that is not embedded in it."""
        return bool(self.endpoints and self._open(parent, moved))

    def _open(self, parent: Item, moved: Container[str]) -> list[tuple[Endpoint, str, str]]:
        """Return the lists to read for `parent`: by whose id, and after which item to start."""
        fields = self._parent.decode(parent.payload)
        found = []
        for endpoint in self.endpoints:
            if endpoint.needs and not (getattr(fields, endpoint.needs) or endpoint.needs in moved):
                continue
            walked = getattr(fields, endpoint.parent_key) if endpoint.parent_key else parent.id
            if not isinstance(walked, str):
                continue
            if not endpoint.embedded:
                found.append((endpoint, walked, ""))
                continue
            embedded: _Embedded | None = getattr(fields, endpoint.embedded)
            if embedded is not None and embedded.has_more:
                after = (embedded.data[-1].id or "") if embedded.data else ""
                found.append((endpoint, walked, after))
        return found

    async def _read(self, endpoint: Endpoint, parent_id: str, after: str) -> Family:
        """Read one nested list to its end, which is an empty page, whatever `has_more` says."""
        items: list[Item] = []
        held_at = 0
        try:
            while endpoint in self.endpoints:
                found, read_at = await self._page(endpoint, parent_id, after, items)
                held_at = held_at or read_at
                if not found:
                    break
                items += found
                after = found[-1].id
        except NotPermittedError as refused:
            if endpoint in self.endpoints:
                self.endpoints.remove(endpoint)
                self.skip(endpoint.name, refused.detail)
        if endpoint.keyed_by_parent:
            items = [replace(item, id=f"{parent_id}/{item.id}") for item in items]
        return Family(endpoint, items, held_at)

    async def _page(
        self, endpoint: Endpoint, parent_id: str, after: str, before: Sequence[Item]
    ) -> tuple[list[Item], int]:
        query: dict[str, str | int] = {"limit": PAGE_SIZE, **endpoint.query(parent_id)}
        if after:
            query["starting_after"] = after
        assert self.client is not None
        page, answer = await self.client.get(endpoint.path_of(parent_id), query, PAGE.decode)
        found = items_of(page, endpoint.object)
        previous = before[-1] if before else None
        check_page(found, has_more=page.has_more, previous=previous, low=0, high=0, is_dated=False)
        if found and found[0].id == after:
            raise ListIntegrityError("A nested list does not move past its embedded page.")
        return found, answer.held_at
