"""What does an entry say? The event's own row, and what it tells about an object.

Stripe's events carry the object. The other providers' only say that something changed: they are
kept, and the connection is synced.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from core.clock import epoch_microseconds
from core.errors import OppulenceError
from pipelines.inbox.entries import Entry
from pipelines.stripe.children import ChildReader
from pipelines.stripe.errors import ListIntegrityError
from pipelines.stripe.events import SECOND, Change, change_of
from pipelines.stripe.objects import children_of, selected_names
from pipelines.stripe.pages import Item, item_of

LATEST_SECOND = 2**40
LONGEST_NAME = 500
# Whatever a body may hold, reading it must not stop the reader.
_UNREADABLE = (
    msgspec.MsgspecError, ListIntegrityError, ValueError, TypeError, OverflowError, RecursionError,
)  # fmt: skip


class UnreadableEventError(OppulenceError):
    """The body is no event of the provider's; no repetition will change that."""

    code = "unreadable_event"
    title = "The event cannot be read"


class UnknownConnectionError(OppulenceError):
    """The account that the event names has no connection in the workspace."""

    code = "unknown_connection"
    title = "The account is not connected"


@dataclass(frozen=True, slots=True)
class State:
    """An object as an entry tells it.

    Attributes:
        event_id: Whose word it is; empty for an object that was read.
    """

    workspace_id: str
    connection_id: str
    object: str
    id: str
    version: int
    is_deleted: bool
    event_id: str
    origin: str
    payload: bytes

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The object's identity."""
        return self.workspace_id, self.connection_id, self.object, self.id

    @property
    def second(self) -> int:
        """The second of its version."""
        return self.version // SECOND


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one entry amounts to.

    Attributes:
        event: The event's id and version, for its own raw row; None for an object that was read.
        state: What it tells about an object; None if nothing.
        is_settled: The state is the object's, in our shape; else it must be asked for.
        needs_sync: The event only says that something changed.
    """

    entry: Entry
    event: tuple[str, int] | None
    state: State | None
    is_settled: bool = True
    needs_sync: bool = False


def meaning_of(entry: Entry) -> Meaning:
    """Read an entry.

    Raises:
        UnreadableEventError: It is no event.
        UnknownConnectionError: It belongs to no connection.
    """
    if not entry.connection_id:
        raise UnknownConnectionError("The account that the event names is not connected.")
    if entry.kind == "object":
        return Meaning(entry, None, _state(entry, entry.object, entry.object_id, entry.version,
                                           entry.is_deleted, "", entry.payload))  # fmt: skip
    try:
        return _READERS.get(entry.provider, _notice)(entry)
    except _UNREADABLE as error:
        raise UnreadableEventError(f"The body is no event of {entry.provider}: {error}") from None


def stripe_change(entry: Entry) -> Change | None:
    """Return what a Stripe event says about its object, if it has one with a table."""
    return change_of(_stripe_item(entry))


def _stripe_item(entry: Entry) -> Item:
    entry.payload.decode()
    item = item_of(msgspec.Raw(entry.payload), "event")
    if not 0 <= item.created < LATEST_SECOND:
        raise UnreadableEventError("The event is of an impossible time.")
    return item


def _stripe(entry: Entry) -> Meaning:
    item = _stripe_item(entry)
    version = item.created * SECOND or epoch_microseconds(entry.received_at)
    change = change_of(item)
    if change is None:
        return Meaning(entry, (_event_id(entry), version), None)
    if not (_is_name(change.id) and _is_name(change.object)):
        raise UnreadableEventError("The event's object has an impossible id.")
    row = change.row()
    state = _state(entry, change.object, change.id, row.version, row.is_deleted, _event_id(entry),
                   bytes(change.payload))  # fmt: skip
    is_settled = change.is_our_shape and (change.is_removed or not _has_more_below(change))
    return Meaning(entry, (_event_id(entry), version), state, is_settled)


def _notice(entry: Entry) -> Meaning:
    msgspec.json.decode(entry.payload)
    version = epoch_microseconds(entry.received_at)
    return Meaning(entry, (_event_id(entry), version), None, needs_sync=True)


def _event_id(entry: Entry) -> str:
    # A replayed event's name in the inbox ends in its replay's, since it has been there before.
    return entry.event_id.partition("#")[0] if entry.origin == "replay" else entry.event_id


def _is_name(text: str) -> bool:
    return text.isascii() and text.isprintable() and 0 < len(text) <= LONGEST_NAME


_READERS: dict[str, Callable[[Entry], Meaning]] = {"stripe": _stripe}
_BELOW: dict[str, ChildReader] = {}


def _has_more_below(change: Change) -> bool:
    """Say whether something belongs to the object that the event does not show."""
    if change.object not in _BELOW:
        below = children_of(change.object, selected_names(None))
        _BELOW[change.object] = ChildReader(None, below, dict[str, str]().__setitem__)
    item = Item(change.id, 0, change.object, is_deleted=False, payload=change.payload)
    return _BELOW[change.object].has_more(item, change.moved)


def _state(
    entry: Entry, name: str, object_id: str, version: int, is_deleted: bool, event_id: str,
    payload: bytes,
) -> State:  # fmt: skip
    return State(
        workspace_id=entry.workspace_id,
        connection_id=entry.connection_id,
        object=name.replace(".", "_"),
        id=object_id,
        version=version,
        is_deleted=is_deleted,
        event_id=event_id,
        origin=entry.origin,
        payload=payload,
    )
