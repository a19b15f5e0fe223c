"""Which pages need no query? Those among a workspace's newest rows, once these are at hand.

People look at what is new, each with filters of their own. A workspace that is asked a second
question while nothing of it changes has its newest rows kept here, as they are shown; pages among
them, and the pages behind, are then chosen in this process. What cannot be told from these rows (a
page that reaches behind them, a search) is asked of ClickHouse as ever.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec

from core.tenancy import TenantId
from serving.transactions.newest import Position
from serving.transactions.whole import Line, shown

ROWS = 250
AT_HAND_BYTES = 64_000_000
REMEMBERED_MISSES = 10_000
# What a row holds beside its JSON: its place and what filters ask for.
_ROW_BYTES = 450
_LEAST, _MOST = -(2**63), 2**63 - 1
_PENDING = ("pending", "authorized")
_ENCODER = msgspec.json.Encoder()
_EQUAL = ("provider", "status", "type", "connection_id", "account_id", "customer_id", "currency")
_TOLD = {*_EQUAL, "amount_from", "amount_to", "pending", "since", "until"}


class Row(msgspec.Struct, frozen=True, gc=False):  # many, and nothing in them refers back
    """A transaction: what filters ask for, and its JSON in the API's shape."""

    newest_first: int
    id: str
    connection_id: str
    provider: str
    status: str
    type: str
    account_id: str
    customer_id: str | None
    currency: str
    amount_minor: int
    json: bytes

    @property
    def place(self) -> Position:
        """Where it stands in the list."""
        return self.newest_first, self.id, self.connection_id


def rows_of(lines: Iterable[Line]) -> list[Row]:
    """Return lines as rows; texts that many of them share are kept once."""
    texts: dict[str, str] = {}

    def one(text: str) -> str:
        return texts.setdefault(text, text)

    rows = []
    for line in lines:
        of = shown(line)
        rows.append(
            Row(
                line.newest_first, of.id, one(of.connection_id), one(of.provider), one(of.status),
                one(of.type), one(of.account_id), of.customer_id, one(of.currency),
                of.amount_minor, _ENCODER.encode(of),
            )
        )  # fmt: skip
    return rows


def can_tell(wanted: Mapping[str, Any]) -> bool:
    """Say whether these filters can be held against a row here."""
    return wanted.keys() <= _TOLD


@dataclass(frozen=True, slots=True)
class Head:
    """The newest rows of a workspace in a state; all of them, where it has no more."""

    state: str
    rows: list[Row]
    is_all: bool

    @property
    def bytes(self) -> int:
        """What it costs to keep."""
        return sum(len(row.json) + _ROW_BYTES for row in self.rows)

    def choose(
        self, wanted: Mapping[str, Any], after: Position | None, limit: int
    ) -> list[Row] | None:
        """Return the first so many rows behind a position; None if these here may not be all."""
        start = 0
        if after is not None:
            start = bisect_right(self.rows, after, key=lambda row: row.place)
        equal = [(name, wanted[name]) for name in _EQUAL if name in wanted]
        least, most = wanted.get("amount_from", _LEAST), wanted.get("amount_to", _MOST)
        first, last = wanted.get("until", _LEAST), wanted.get("since", _MOST)
        pending: bool | None = wanted.get("pending")
        chosen: list[Row] = []
        for row in islice(self.rows, start, None):
            if row.newest_first > last:
                return chosen  # what follows is older still
            if (
                row.newest_first < first
                or not least <= row.amount_minor <= most
                or (pending is not None and (row.status in _PENDING) is not pending)
                or any(getattr(row, name) != value for name, value in equal)
            ):
                continue
            chosen.append(row)
            if len(chosen) == limit:
                return chosen
        return chosen if self.is_all else None


@dataclass
class Heads:
    """The newest rows of the workspaces that were asked last; used on the server's loop alone."""

    _at_hand: OrderedDict[TenantId, Head] = field(default_factory=OrderedDict)
    _bytes: int = 0
    # Of each workspace: the state in which its rows were asked for and were not at hand.
    _missed: OrderedDict[TenantId, str] = field(default_factory=OrderedDict)

    def of(self, tenant: TenantId, state: str) -> Head | None:
        """Return a workspace's newest rows, if they are at hand as they are in this state."""
        head = self._at_hand.get(tenant)
        if head is None or head.state != state:
            return None
        self._at_hand.move_to_end(tenant)
        return head

    def is_worth_it(self, tenant: TenantId, state: str) -> bool:
        """Say whether to fetch them: something was asked before, and nothing has changed since."""
        if self._missed.get(tenant) == state:
            return True
        self._missed[tenant] = state
        self._missed.move_to_end(tenant)
        while len(self._missed) > REMEMBERED_MISSES:
            self._missed.popitem(last=False)
        return False

    def keep(self, tenant: TenantId, head: Head) -> None:
        """Have a workspace's newest rows at hand, in the place of older ones."""
        before = self._at_hand.pop(tenant, None)
        self._bytes += head.bytes - (before.bytes if before is not None else 0)
        self._at_hand[tenant] = head
        while self._bytes > AT_HAND_BYTES and len(self._at_hand) > 1:
            self._bytes -= self._at_hand.popitem(last=False)[1].bytes
