"""What is in an answer of Xero? Its objects, cut out byte for byte, and whether there is more.

`msgspec.Raw` slices point into the answer's own bytes. An object whose key cannot be read lands all
the same, named by a hash of its bytes: `unified.rejected_rows` is where it shows.
"""

import hashlib
from dataclasses import dataclass

import msgspec

from core.errors import ProviderError
from pipelines.batches import RawObject
from pipelines.xero.objects import Listing


class _Pagination(msgspec.Struct, gc=False, rename="camel"):
    page: int = 1
    page_count: int = 0


_ENVELOPE = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_PAGINATION = msgspec.json.Decoder(_Pagination)
_SCALAR = msgspec.json.Decoder(str | int)


class UnreadableAnswerError(ProviderError):
    """An answer that is no whole JSON of the documented shape: nothing of it counts."""

    code = "provider_answer_unreadable"
    title = "Xero answered in an unknown shape"


@dataclass(frozen=True, slots=True)
class Page:
    """One answer's objects; `last_number` is the newest journal's number."""

    rows: list[RawObject]
    is_last: bool
    last_number: int = 0


def page_of(body: bytes, listing: Listing, version: int) -> Page:
    """Return the objects of an answer.

    A server that says how many pages there are is believed; one that does not is asked until a
    page is empty.

    Raises:
        UnreadableAnswerError: It is no list of these objects.
    """
    try:
        members = _ENVELOPE.decode(body)
        payloads = _LIST.decode(members[listing.name])
        pagination = _PAGINATION.decode(members["pagination"]) if "pagination" in members else None
    except (msgspec.DecodeError, KeyError) as error:
        raise UnreadableAnswerError(f"{listing.path} gave no list: {error}") from None
    rows = [row_of(payload, listing, version) for payload in payloads]
    if listing.paging == "offset":
        numbers = [int(_member(payload, "JournalNumber") or 0) for payload in payloads]
        return Page(rows, not rows, max(numbers, default=0))
    is_last = pagination.page >= pagination.page_count if pagination else not rows
    return Page(rows, listing.paging == "none" or is_last)


def row_of(payload: msgspec.Raw, listing: Listing, version: int) -> RawObject:
    """Return an object as a raw row. Voided and deleted ones are states, not tombstones."""
    identity = _member(payload, listing.key)
    if not identity:
        identity = "sha256_" + hashlib.sha256(payload).hexdigest()[:40]
    return RawObject(str(identity), version, is_deleted=False, payload=payload)


def _member(payload: msgspec.Raw, name: str) -> str | int | None:
    try:
        found: str | int = _SCALAR.decode(_ENVELOPE.decode(payload)[name])
    except (msgspec.DecodeError, KeyError):
        return None
    return found
