"""What is on a page of a list? Its objects, cut out byte for byte, never parsed and written again.

`msgspec.Raw` slices point into the response's own bytes, so 72.10 stays 72.10 and a page costs one
pass to find the slices and one to read each object's id, time and kind.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from pipelines.stripe.errors import ListIntegrityError


class Page(msgspec.Struct, gc=False):
    """The envelope of a list. A missing `has_more` is not a list, and fails to decode."""

    data: list[msgspec.Raw]
    has_more: bool


class Head(msgspec.Struct, gc=False):
    """What a row needs to know about an object; an invoice item says `date` for `created`."""

    id: str | None = None
    created: int | None = None
    date: int | None = None
    object: str | None = None
    deleted: bool = False


PAGE = msgspec.json.Decoder(Page)
HEAD = msgspec.json.Decoder(Head)


class Item(msgspec.Struct, frozen=True, gc=False):
    """One object of a page: what identifies it, and its exact bytes."""

    id: str
    created: int
    object: str
    is_deleted: bool
    payload: msgspec.Raw

    @classmethod
    def position(cls, item_id: str, created: int) -> "Item":
        """Return an item that only says where a list was left."""
        return cls(item_id, created, "", is_deleted=False, payload=msgspec.Raw())


def item_of(payload: msgspec.Raw, object_name: str) -> Item:
    """Read an object's head.

    An object without an id (some previews have none) is named by a hash of its bytes, so that the
    same state lands on the same row.

    Raises:
        ListIntegrityError: It is no object of Stripe's.
    """
    try:
        head = HEAD.decode(payload)
    except msgspec.DecodeError as error:
        raise ListIntegrityError(f"An item of {object_name!r} is not an object: {error}") from None
    return Item(
        id=head.id or "sha256_" + hashlib.sha256(payload).hexdigest()[:40],
        created=head.created or head.date or 0,
        object=head.object or object_name,
        is_deleted=head.deleted,
        payload=payload,
    )


def items_of(page: Page, object_name: str) -> list[Item]:
    """Read the heads of a page's objects."""
    return [item_of(payload, object_name) for payload in page.data]


def check_page(
    items: Sequence[Item],
    *,
    has_more: bool,
    previous: Item | None,
    low: int,
    high: int,
    is_dated: bool,
) -> None:
    """Refuse a page that a well-behaved list cannot have.

    Args:
        items: The page's objects.
        has_more: What the page says of its successors.
        previous: The last object before this page.
        low: The window's first second.
        high: The second after the window's last; 0 means that the window is open.
        is_dated: The list filters on `created` and is ordered by it.

    Raises:
        ListIntegrityError: Repeated objects, wrong order, objects outside the window, or an empty
            page that claims successors.
    """
    if has_more and not items:
        raise ListIntegrityError("A page is empty and claims that there is more.")
    identities = {item.id for item in items}
    if len(identities) < len(items) or (previous is not None and previous.id in identities):
        raise ListIntegrityError("A page repeats an object: the cursor did not move forward.")
    if not is_dated:
        return
    ceiling = previous.created if previous is not None and previous.created else None
    for item in items:
        if item.created < low or (high and item.created >= high):
            raise ListIntegrityError(f"{item.id} lies outside the window that was asked for.")
        if ceiling is not None and item.created > ceiling:
            raise ListIntegrityError(f"{item.id} is newer than the object before it.")
        ceiling = item.created
