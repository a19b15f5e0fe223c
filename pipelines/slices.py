"""How is an object that was cut from an answer named? By its own id, else by a hash of its bytes.

`msgspec.Raw` slices point into the answer's own bytes, so that 72.10 stays 72.10. An object without
a readable id is named by its bytes: the same state lands on the same row, however often it is read,
and shows among the rejected rows.
"""

import hashlib
from functools import cache

import msgspec
from typing_extensions import Buffer

from pipelines.batches import RawObject


@cache
def _head(fields: tuple[str, ...]) -> msgspec.json.Decoder[msgspec.Struct]:
    """Return a decoder of these members alone; everything else of an object is passed over."""
    members = [(field, str | None, None) for field in fields]
    return msgspec.json.Decoder(msgspec.defstruct("Head", members, gc=False))


def members_of(payload: Buffer, *fields: str) -> tuple[str, ...] | None:
    """Return an object's members as text; None if one is missing, empty or no text."""
    try:
        head = _head(fields).decode(payload)
    except msgspec.DecodeError:
        return None
    found = tuple(getattr(head, field) for field in fields)
    return found if all(found) else None


def held(name: str, version: int, payload: Buffer) -> RawObject:
    """Return the row of an object that is there."""
    return RawObject(name, version, is_deleted=False, payload=payload)


def gone(name: str, version: int, payload: Buffer) -> RawObject:
    """Return the tombstone of an object that is there no more."""
    return RawObject(name, version, is_deleted=True, payload=payload)


def id_of(payload: Buffer, *fields: str) -> str:
    """Return an object's id: its members joined by `|`, or the hash of its bytes without them."""
    found = members_of(payload, *fields)
    return "|".join(found) if found else hash_of(payload)


def hash_of(payload: Buffer) -> str:
    """Return the name of an object without a name."""
    return "sha256_" + hashlib.sha256(payload).hexdigest()[:40]
