"""What is in an answer of QuickBooks? Its objects, cut out byte for byte, and what names them.

`msgspec.Raw` slices point into the answer's own bytes, so that 72.10 stays 72.10. An object whose
head cannot be read (no Id, no object at all) lands all the same, named by a hash of its bytes:
`unified.rejected_rows` is where it shows.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from core.errors import ProviderError
from pipelines.batches import RawObject

_DELETED = "Deleted"


class _Head(msgspec.Struct, gc=False):
    """What a row needs to know about an object."""

    id: str | int | None = msgspec.field(name="Id", default=None)
    status: str | None = None


class _Query(msgspec.Struct, gc=False):
    response: dict[str, msgspec.Raw] = msgspec.field(name="QueryResponse")


class _Group(msgspec.Struct, gc=False):
    groups: list[dict[str, msgspec.Raw]] = msgspec.field(name="QueryResponse", default=[])


class _Changes(msgspec.Struct, gc=False):
    response: list[_Group] = msgspec.field(name="CDCResponse")


_QUERY = msgspec.json.Decoder(_Query)
_CHANGES = msgspec.json.Decoder(_Changes)
_HEAD = msgspec.json.Decoder(_Head)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


class IncompleteAnswerError(ProviderError):
    """An answer that is no whole JSON of the documented shape: nothing of it counts."""

    code = "provider_answer_unreadable"
    title = "QuickBooks answered in an unknown shape"


def row_of(payload: msgspec.Raw, version: int) -> RawObject:
    """Return an object as a raw row; a deleted one is a tombstone."""
    try:
        head = _HEAD.decode(payload)
    except msgspec.DecodeError:
        head = _Head()
    identity = str(head.id) if head.id else "sha256_" + hashlib.sha256(payload).hexdigest()[:40]
    return RawObject(identity, version, head.status == _DELETED, payload)


def queried(body: bytes, entity: str, version: int) -> list[RawObject]:
    """Return the objects of a query's answer, in its order.

    Raises:
        IncompleteAnswerError: It is no answer to a query.
    """
    try:
        members = _QUERY.decode(body).response
        found: Sequence[msgspec.Raw] = _LIST.decode(members[entity]) if entity in members else ()
    except msgspec.DecodeError as error:
        raise IncompleteAnswerError(f"A query of {entity} gave no list: {error}") from None
    return [row_of(payload, version) for payload in found]


def changed(body: bytes, version: int) -> dict[str, list[RawObject]]:
    """Return what change data capture reports, by entity; removals are tombstones.

    Raises:
        IncompleteAnswerError: It is no such answer.
    """
    rows: dict[str, list[RawObject]] = {}
    try:
        for group in _CHANGES.decode(body).response:
            for members in group.groups:
                for name, value in members.items():
                    if bytes(memoryview(value)[:1]) == b"[":
                        found = (row_of(payload, version) for payload in _LIST.decode(value))
                        rows.setdefault(name, []).extend(found)
    except msgspec.DecodeError as error:
        raise IncompleteAnswerError(f"The changes are no list: {error}") from None
    return rows
