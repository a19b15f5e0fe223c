"""How do an Item's lines get in? By /transactions/sync, a loop of pages at a time.

A loop is the pages from one cursor until `has_more` is false. Its lines are held until then, since
a change at the bank ends a loop in the middle (MUTATION_DURING_PAGINATION) and the next begins at
the same cursor: what the broken one brought may never have been. All lines of a loop carry one
version, and what was removed the version before it: an id that is both is there.
"""

from dataclasses import dataclass, field

import msgspec

from pipelines.batches import RawObject
from pipelines.failures import ProviderUnavailableError
from pipelines.plaid.client import PlaidItem
from pipelines.plaid.errors import MutationError
from pipelines.reading import Memory, Visit
from pipelines.slices import gone, hash_of, held, members_of

PAGE_SIZE = 500  # Plaid's most
LOOPS_BEGUN = 8
OPTIONS = {"include_original_description": True}


class SyncPage(msgspec.Struct, gc=False):
    """A page of /transactions/sync; without `has_more` it is none and fails to decode."""

    added: list[msgspec.Raw]
    modified: list[msgspec.Raw]
    removed: list[msgspec.Raw]
    next_cursor: str
    has_more: bool


SYNC_PAGE = msgspec.json.Decoder(SyncPage)


@dataclass(slots=True)
class Loop:
    """What the pages of one loop say, the last word of each line."""

    held: dict[str, msgspec.Raw] = field(default_factory=dict)
    removed: dict[str, msgspec.Raw] = field(default_factory=dict)
    next_cursor: str = ""
    held_at: int = 0

    def take(self, page: SyncPage) -> None:
        """Take one more page."""
        for payload in page.removed:
            if names := members_of(payload, "transaction_id"):
                self.held.pop(names[0], None)
                self.removed[names[0]] = payload
        for payload in (*page.added, *page.modified):
            names = members_of(payload, "transaction_id")
            line_id = names[0] if names else hash_of(payload)
            self.removed.pop(line_id, None)
            self.held[line_id] = payload
        self.next_cursor = page.next_cursor

    def rows(self, version: int) -> list[RawObject]:
        """Return the loop's lines as rows."""
        removed = [gone(name, version - 1, body) for name, body in self.removed.items()]
        return removed + [held(name, version, body) for name, body in self.held.items()]


async def sync_transactions(visit: Visit, item: PlaidItem) -> bool:
    """Land what changed since the memory's cursor; for a backfill, everything after that."""
    memory = visit.memory.setdefault("transactions", {"cursor": "", "version": 0})
    starts = [memory["cursor"]]
    if visit.window is not None and memory["cursor"]:
        starts.append("")  # what was removed since the cursor is in no list of what there is
    for start in starts:
        await _land(visit, memory, await _whole_loop(item, start))
    return True


async def _land(visit: Visit, memory: Memory, loop: Loop) -> None:
    # Two loops within a microsecond, or a clock set back, must not tie.
    version = max(loop.held_at, int(memory["version"]) + 2)
    await visit.land("transaction", loop.rows(version))
    memory["version"] = version
    # Before Plaid has fetched anything it answers without a cursor: the next run begins anew.
    memory["cursor"] = loop.next_cursor or memory["cursor"]


async def _whole_loop(item: PlaidItem, start: str) -> Loop:
    for _ in range(LOOPS_BEGUN):
        try:
            return await _loop(item, start)
        except MutationError:
            continue
    raise ProviderUnavailableError(
        f"The bank's lines changed during each of {LOOPS_BEGUN} attempts to read them.",
        next_step="The next run begins at the same place.",
    )


async def _loop(item: PlaidItem, start: str) -> Loop:
    loop = Loop(next_cursor=start)
    has_more = True
    while has_more:
        cursor = loop.next_cursor
        page, answer = await item.ask(
            "/transactions/sync", SYNC_PAGE, count=PAGE_SIZE,
            options=OPTIONS, **({"cursor": cursor} if cursor else {}),
        )  # fmt: skip
        loop.take(page)
        loop.held_at = answer.asked_at
        has_more = page.has_more
        if has_more and page.next_cursor == cursor:
            raise ProviderUnavailableError("Plaid's cursor does not move forward.")
    return loop
