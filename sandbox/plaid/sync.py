"""How does /transactions/sync page? A cursor says up to which moment its holder knows everything.

In the middle of a loop it also says up to which moment the loop goes and how far it has come. If a
line changed after that moment, the loop is broken: the mutation that Plaid warns of.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

import msgspec

from sandbox.company.banking import Bank
from sandbox.plaid.errors import invalid_request, mutation, request_id
from sandbox.plaid.institutions import accounts_at
from sandbox.plaid.items import Item
from sandbox.plaid.render import account_id, account_object, line_form, line_text
from sandbox.world import World

NOTHING_YET = -1
# Loops that are under way at once; one that ended makes room.
_LOOPS = 128


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything up to `since` is known; a loop up to `until` has given `given` changes."""

    since: int
    until: int | None = None
    given: int = 0

    def text(self, item: Item) -> str:
        """The cursor as its holder sees it."""
        value = [item.id, self.since, self.until, self.given]
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()

    @classmethod
    def read(cls, item: Item, text: object) -> Cursor:
        """The cursor of a text; an empty one knows nothing."""
        if not text:
            return cls(NOTHING_YET)
        try:
            name, since, until, given = json.loads(base64.urlsafe_b64decode(str(text)))
        except (binascii.Error, ValueError):
            name = None
        if name != item.id:
            raise invalid_request("INVALID_FIELD", "cursor not associated with access_token")
        return cls(since, until, given)


def changes(item: Item, bank: Bank, since: int, until: int) -> list[tuple[str, bytes]]:
    """What changed between two moments: `added`, `modified` or `removed`, with its JSON."""
    found: list[tuple[int, str, bytes]] = []
    for account in accounts_at(bank, item.institution_id):
        name = account_id(item, account)
        for line in bank.lines_at(account.id, until):
            now = line_form(line, until)
            before = line_form(line, since) if since != NOTHING_YET else "unseen"
            if before == now:
                continue
            if before == "pending":
                gone = msgspec.json.decode(line_text(item, name, line, "pending"))
                body = {key: gone[key] for key in ("account_id", "transaction_id")}
                found.append((line.posted_at, "removed", msgspec.json.encode(body)))
            kind = "modified" if before in ("posted", "enriched") else "added"
            found.append((line.seen_at, kind, line_text(item, name, line, now)))
    return [(kind, text) for _, kind, text in sorted(found)]


class SyncPages:
    """Pages of loops; a loop's changes are worked out once."""

    def __init__(self, world: World) -> None:
        """Page the lines of this world's bank, which is made when it is first asked for."""
        self.world = world
        self._loops: dict[tuple[str, int, int], list[tuple[str, bytes]]] = {}

    def page(self, item: Item, body: dict[str, Any], at: int) -> bytes:
        """One page as JSON."""
        count = body.get("count", 100)
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 500:
            raise invalid_request("INVALID_FIELD", "count must be between 1 and 500")
        cursor = Cursor.read(item, body.get("cursor"))
        until = at if cursor.until is None else cursor.until
        if cursor.given and self._loop(item, until, at):
            raise mutation()
        found = self._loop(item, cursor.since, until)
        end = cursor.given + count
        more = end < len(found)
        after = Cursor(cursor.since, until, end) if more else Cursor(until)
        if not more:
            self._loops.pop((item.id, cursor.since, until), None)
        accounts = [
            account_object(item, self.world.bank, account, at)
            for account in accounts_at(self.world.bank, item.institution_id)
        ]
        texts: dict[str, list[bytes]] = {"added": [], "modified": [], "removed": []}
        for kind, text in found[cursor.given : end]:
            texts[kind].append(text)
        lists = b",".join(b'"%b":[%b]' % (k.encode(), b",".join(v)) for k, v in texts.items())
        rest = {
            "accounts": accounts, "has_more": more, "next_cursor": after.text(item),
            "request_id": request_id(),
            "transactions_update_status": "HISTORICAL_UPDATE_COMPLETE",
        }  # fmt: skip
        return b"{%b,%b" % (lists, msgspec.json.encode(rest)[1:])

    def _loop(self, item: Item, since: int, until: int) -> list[tuple[str, bytes]]:
        key = (item.id, since, until)
        if key not in self._loops:
            if len(self._loops) >= _LOOPS:
                self._loops.pop(next(iter(self._loops)))
            self._loops[key] = changes(item, self.world.bank, since, until)
        return self._loops[key]
