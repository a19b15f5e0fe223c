"""What is done with a page that was read?

Objects land with what is nested below them; events land with what they say about objects.
"""

import asyncio
import string
from collections.abc import Container, Sequence
from dataclasses import dataclass

import msgspec

from core.clock import epoch_microseconds, utc_now
from pipelines.batches import RawObject
from pipelines.stripe.children import ChildReader, OnSkip
from pipelines.stripe.client import Answer, StripeClient
from pipelines.stripe.endpoints import Endpoint
from pipelines.stripe.errors import NotPermittedError
from pipelines.stripe.events import SECOND, Change, digest, event_row
from pipelines.stripe.landing import Landing
from pipelines.stripe.listing import ReadPage
from pipelines.stripe.objects import children_of, expanded, retrieve_paths
from pipelines.stripe.pages import HEAD, Item

_RETRIEVE = retrieve_paths()


@dataclass(frozen=True, slots=True)
class ObjectPages:
    """Lands a list's objects and what is nested below them."""

    endpoint: Endpoint
    landing: Landing
    children: ChildReader

    async def __call__(self, page: ReadPage) -> None:
        """Land a page; its own rows last, so that a parent's row means that it is whole."""
        for family in await self.children.below(page.items):
            await self.landing.objects(family.endpoint.object, family.items, family.held_at)
        if self.endpoint.name in self.landing.names:
            await self.landing.objects(self.endpoint.object, page.items, page.answer.held_at)


@dataclass(frozen=True, slots=True)
class EventPages:
    """Lands events and, unless a backfill lists the objects anyway, the objects they changed."""

    client: StripeClient
    landing: Landing
    skip: OnSkip
    only_removals: bool = False
    known: Container[str] = ()

    async def __call__(self, page: ReadPage) -> None:
        """Land a page of events; the events last, so that an event's row means it was applied."""
        found = digest(
            page.items,
            known=self.known,
            open_above=bool(page.span.after),
            open_below=page.has_more,
        )
        settled = [c for c in found.settled if c.is_removed or not self.only_removals]
        rows = [(change, change.row()) for change in settled]
        if not self.only_removals:
            rows += await asyncio.gather(*(self._fresh(change) for change in found.unsettled))
        await self._land(rows)
        events = [event_row(event) for event in page.items if event.id not in self.known]
        await self.landing.rows("event", events)

    async def refetch(self, changes: Sequence[Change]) -> None:
        """Ask for the objects of `changes` and land them, with what is nested below them."""
        await self._land(await asyncio.gather(*(self._fresh(change) for change in changes)))

    async def _land(self, rows: Sequence[tuple[Change, RawObject]]) -> None:
        by_object: dict[str, list[RawObject]] = {}
        moved = {change.id: change.moved for change, _ in rows}
        for change, row in rows:
            by_object.setdefault(change.object, []).append(row)
        for name, found in by_object.items():
            reader = ChildReader(self.client, children_of(name, self.landing.names), self.skip)
            parents = [Item(row.id, 0, name, row.is_deleted, _raw(row)) for row in found]
            for family in await reader.below(parents, moved):
                await self.landing.objects(family.endpoint.object, family.items, family.held_at)
            await self.landing.rows(name, found)

    async def _fresh(self, change: Change) -> tuple[Change, RawObject]:
        """Ask for the object; what the event shows stands in where Stripe does not tell."""
        path = _retrieve_path(change)
        if not path:
            return change, change.row()
        try:
            head, answer = await self.client.get(path, expanded(change.object), HEAD.decode)
        except NotPermittedError:
            return change, change.row()
        return change, RawObject(
            change.id, _settled_version(change, answer), head.deleted, answer.body.strip()
        )


def _settled_version(change: Change, answer: Answer) -> int:
    """Return a version past every event of the change's second but a removal.

    Within the second it follows our clock, so that of two answers the later one wins: a change
    after the first answer, still in that second, is a new tie and is asked for again.
    """
    second = change.second * SECOND
    in_second = min(max(epoch_microseconds(utc_now()), second + 1), second + SECOND - 2)
    return max(answer.held_at, in_second)


def _raw(row: RawObject) -> msgspec.Raw:
    return row.payload if isinstance(row.payload, msgspec.Raw) else msgspec.Raw(bytes(row.payload))


def _retrieve_path(change: Change) -> str:
    template = _RETRIEVE.get(change.object, "")
    names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
    if names == {"id"}:
        return template.format(id=change.id)
    fields = msgspec.json.decode(change.payload)
    known = {name: fields.get(name) for name in names}
    return template.format(**known) if template and all(known.values()) else ""
