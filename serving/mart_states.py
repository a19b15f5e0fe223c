"""How new are the marts behind an answer? Read again only when their tables' parts have changed.

The marts change with a run of dbt, a few times a day, and are asked for all day long. After a run
everybody's next answer waits for its workspace's state: so whoever asks first reads all workspaces'
in one question, of which each is told its own. They are remembered together with the parts that
they were read after; while those are the same, so is every row (`serving.states`, which does the
same for transactions and says why). Of a table too large for that, each workspace's is read alone.
Requests that come while the parts are asked for share the next question: each is answered by one
that was put after it came.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse, WarehouseQueryError
from core.warehouse_questions import WarehouseQuestions

REMEMBERED = 20_000
# Reading the states of so many rows costs about what the planning of any question does.
MOST_ROWS_AT_ONCE = 3_000_000
Tables = tuple[str, ...]
_PART = msgspec.json.Decoder(tuple[str, int, int])


class MartState(NamedTuple):
    """What a workspace holds of a mart at a moment.

    Attributes:
        text: Differs whenever an answer may.
        as_of: When the newest row was computed; None before the first.
    """

    text: str
    as_of: datetime | None


NOTHING = MartState("", None)


@dataclass
class Everyone:
    """The states of all workspaces that have one, as they were after these parts were seen."""

    parts: bytes = b""
    states: Mapping[TenantId, MartState] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


@dataclass
class MartStates:
    """Remembers what `NEWEST` questions were answered; made on the server's loop.

    Such a question answers with one row per workspace: `workspace_id`, `rows_held`, `newest_at` and
    `state`.

    Args:
        questions: What asks ClickHouse for parts.
        seconds: How long a question may take.
    """

    questions: WarehouseQuestions
    seconds: float
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _asked: dict[Tables, asyncio.Future[bytes]] = field(default_factory=dict)
    _next: dict[Tables, asyncio.Future[bytes]] = field(default_factory=dict)
    _everyone: dict[str, Everyone] = field(default_factory=dict)
    _alone: OrderedDict[tuple[TenantId, str], tuple[bytes, MartState]] = field(
        default_factory=OrderedDict
    )
    _lock: Lock = field(default_factory=Lock)

    def read(self, warehouse: Warehouse, tenant: TenantId, newest: TenantQuery) -> MartState:
        """Return a workspace's state as of now; for threads, not on the loop."""
        asked = asyncio.run_coroutine_threadsafe(self._parts(newest.tables), self._loop)
        parts = asked.result()
        if parts and sum(_PART.decode(line)[2] for line in parts.splitlines()) <= MOST_ROWS_AT_ONCE:
            return self._of_everyone(warehouse, newest, parts).get(tenant, NOTHING)
        return self._of_one(warehouse, tenant, newest, parts)

    def _of_everyone(
        self, warehouse: Warehouse, newest: TenantQuery, parts: bytes
    ) -> Mapping[TenantId, MartState]:
        with self._lock:
            known = self._everyone.setdefault(newest.sql, Everyone())
        with known.lock:  # whoever comes meanwhile needs the same answer
            if known.parts != parts:
                # Without a workspace's filter: it is not asked for one of them.
                rows = warehouse.rows(newest.sql)
                known.states = {TenantId(row["workspace_id"]): state_of(row) for row in rows}
                known.parts = parts
            return known.states

    def _of_one(
        self, warehouse: Warehouse, tenant: TenantId, newest: TenantQuery, parts: bytes
    ) -> MartState:
        key = (tenant, newest.sql)
        with self._lock:
            known_parts, state = self._alone.get(key, (b"", NOTHING))
        if parts and parts == known_parts:
            return state
        rows = warehouse.tenant_rows(tenant, newest, seconds=self.seconds)
        state = state_of(rows[0]) if rows else NOTHING
        with self._lock:
            self._alone[key] = parts, state
            self._alone.move_to_end(key)
            while len(self._alone) > REMEMBERED:
                self._alone.popitem(last=False)
        return state

    async def _parts(self, tables: Tables) -> bytes:
        """Return the parts of tables, as of a question that is put from now on."""
        if (running := self._asked.get(tables)) is None:
            return await self._ask(tables)
        if (following := self._next.get(tables)) is None:
            following = self._next[tables] = self._loop.create_future()
            running.add_done_callback(lambda _: self._loop.create_task(self._follow(tables)))
        return await asyncio.shield(following)

    async def _follow(self, tables: Tables) -> None:
        waiting = self._next.pop(tables)
        try:
            waiting.set_result(await self._ask(tables))
        except Exception as error:  # noqa: BLE001 - raised again where the parts were asked for
            waiting.set_exception(error)
            waiting.exception()  # read: whoever asked may have left

    async def _ask(self, tables: Tables) -> bytes:
        running = self._asked[tables] = self._loop.create_future()
        try:
            return await self.questions.parts(*tables, seconds=self.seconds)
        except WarehouseQueryError:
            return b""  # a user that may not see the parts: each state is read anew
        finally:
            if self._asked.get(tables) is running:
                del self._asked[tables]
            running.set_result(b"")


def state_of(row: Mapping[str, Any]) -> MartState:
    """Return what a row with `rows_held`, `newest_at` and `state` tells."""
    return MartState(str(row["state"]), row["newest_at"] if row["rows_held"] else None)
