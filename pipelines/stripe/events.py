"""What do Stripe's events say about objects? Rows, tombstones, and which objects to ask for again.

Every event is kept verbatim in raw.stripe_event. Its object becomes a row of the event's time,
unless only a fresh read can tell the state:
- the event was rendered in another API release than ours (events ignore `Stripe-Version`);
- several events of one object carry the same second, which leaves their order open. Events at a
  page's edge may have such a twin on the next page, so their objects count as tied.
Within one release (`.basil`), Stripe's monthly versions differ by additions only.
"""

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import msgspec

from pipelines.batches import RawObject
from pipelines.stripe.client import API_VERSION
from pipelines.stripe.errors import ListIntegrityError
from pipelines.stripe.objects import OBJECTS
from pipelines.stripe.pages import Item, item_of

SECOND = 1_000_000
_DECLARED = frozenset(OBJECTS)
# The object outlives the event: a canceled subscription can still be read and listed.
_NOT_REMOVED = frozenset({"customer.subscription.deleted"})


class _Data(msgspec.Struct, gc=False):
    object: msgspec.Raw
    previous_attributes: dict[str, msgspec.Raw] | None = None


class _Event(msgspec.Struct, gc=False):
    data: _Data
    type: str = ""
    api_version: str | None = None


_EVENT = msgspec.json.Decoder(_Event)


@dataclass(frozen=True, slots=True)
class Change:
    """What one event says about one object; `moved` names the fields that it changed."""

    event_id: str
    object: str
    id: str
    second: int
    is_removed: bool
    is_our_shape: bool
    payload: msgspec.Raw
    moved: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[str, str]:
        """The object's identity."""
        return self.object, self.id

    def row(self) -> RawObject:
        """The object as the event shows it, at the event's time.

        A removal is the last that can happen to an object, so it outranks its second, answers
        that were asked for within it included.
        """
        version = self.second * SECOND + (SECOND - 1 if self.is_removed else 0)
        return RawObject(self.id, version, self.is_removed, self.payload)


@dataclass(frozen=True, slots=True)
class Digest:
    """What a page of events amounts to.

    Attributes:
        settled: The newest change of each object whose state the events tell.
        unsettled: The newest change of each object that must be asked for.
    """

    settled: tuple[Change, ...]
    unsettled: tuple[Change, ...]


def event_row(event: Item) -> RawObject:
    """Return the event's own row: immutable, at its own time, whichever way it came."""
    return RawObject(event.id, event.created * SECOND, is_deleted=False, payload=event.payload)


def change_of(event: Item) -> Change | None:
    """Read an event's object; None if it has none, no id (a preview), or no table of its own."""
    try:
        body = _EVENT.decode(event.payload)
        item = item_of(body.data.object, "")
    except (msgspec.DecodeError, ListIntegrityError):
        return None  # the event itself is kept all the same
    if item.object not in _DECLARED or item.id.startswith("sha256_"):
        return None
    is_removed = body.type.endswith(".deleted") and body.type not in _NOT_REMOVED
    return Change(
        event_id=event.id,
        object=item.object,
        id=item.id,
        second=event.created,
        is_removed=is_removed,
        is_our_shape=is_removed or _release(body.api_version) == _release(API_VERSION),
        payload=body.data.object,
        moved=frozenset(body.data.previous_attributes or ()),
    )


def digest(
    events: Sequence[Item],
    *,
    known: Container[str] = (),
    open_above: bool = False,
    open_below: bool = False,
) -> Digest:
    """Reduce a page of events, in any order, to the newest change of each object.

    Args:
        events: The page.
        known: Events that were applied before: they show ties, and are not applied again.
        open_above: Newer events may share the newest second (the page follows another).
        open_below: Older events may share the oldest second (another page follows).
    """
    changes = [change for change in map(change_of, events) if change is not None]
    seconds = [event.created for event in events]
    edges = set()
    if seconds and open_above:
        edges.add(max(seconds))
    if seconds and open_below:
        edges.add(min(seconds))
    in_second = Counter((change.key, change.second) for change in changes)
    newest: dict[tuple[str, str], Change] = {}
    for change in sorted(changes, key=lambda change: (change.second, change.is_removed)):
        before = newest.get(change.key)
        moved = change.moved | before.moved if before is not None else change.moved
        newest[change.key] = replace(change, moved=moved) if moved != change.moved else change
    settled: list[Change] = []
    unsettled: list[Change] = []
    fresh = {(c.key, c.second) for c in changes if c.event_id not in known}
    for change in newest.values():
        if (change.key, change.second) not in fresh:
            continue
        is_tied = in_second[change.key, change.second] > 1 or change.second in edges
        is_clear = change.is_removed or (change.is_our_shape and not is_tied)
        (settled if is_clear else unsettled).append(change)
    return Digest(tuple(settled), tuple(unsettled))


def _release(version: str | None) -> str:
    return (version or "").partition(".")[2]
