"""How new are the marts behind an answer? Read again only when their tables' parts have changed.

The marts change with a run of dbt, a few times a day, and are asked for all day long. After a run
everybody's next answer waits for its workspace's state: so whoever asks first has those of the
workspaces read with its own that asked for marts lately, each to be told to its own requests alone.
They are remembered together with the parts that they were read after; while those are the same, so
is every row (`serving.states`, which does the same for transactions and says why). Of a table that
is large, each workspace's is read alone. Requests that come while the parts are asked for share the
next question: each is answered by one that was put after it came.

An answer need not wait for that question. It is made meanwhile, in the state that is remembered,
and made again if that is found to be past.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import msgspec

from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse, WarehouseQueryError
from core.warehouse_questions import WarehouseQuestions

REMEMBERED = 20_000
# Reading the states of so many rows costs about what the planning of any question does.
MOST_ROWS_TOGETHER = 3_000_000
TOGETHER = 500
Tables = tuple[str, ...]
Made = TypeVar("Made")
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
    _known: OrderedDict[tuple[TenantId, str], tuple[bytes, MartState]] = field(
        default_factory=OrderedDict
    )
    # The parts that tables were last seen to have.
    _seen: dict[Tables, bytes] = field(default_factory=dict)
    # Who asked, whoever did so last at the end.
    _lately: OrderedDict[TenantId, None] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def answer(
        self,
        warehouse: Warehouse,
        tenant: TenantId,
        newest: TenantQuery,
        make: Callable[[MartState], Made],
    ) -> tuple[MartState, Made]:
        """Return a workspace's state as of now, and what `make` makes: never of an older one.

        For threads, not on the loop. `make` is called while the parts are asked for, in the state
        that is remembered. That was read after certain parts were seen: if they are still the same,
        they were at every moment between. If not, `make` is called once more, in the new state.
        """
        asked = asyncio.run_coroutine_threadsafe(self._parts(newest.tables), self._loop)
        expected = self._expected(tenant, newest)
        if expected is None:
            state = self._state(warehouse, tenant, newest, asked.result())
            return state, make(state)
        made = make(expected)
        state = self._state(warehouse, tenant, newest, asked.result())
        return state, made if state == expected else make(state)

    def _expected(self, tenant: TenantId, newest: TenantQuery) -> MartState | None:
        """Return the state that is remembered, if others have not seen that it is past."""
        with self._lock:
            parts, state = self._known.get((tenant, newest.sql), (b"", NOTHING))
            return state if parts and parts == self._seen.get(newest.tables) else None

    def _state(
        self, warehouse: Warehouse, tenant: TenantId, newest: TenantQuery, parts: bytes
    ) -> MartState:
        with self._lock:
            self._seen[newest.tables] = parts
            self._lately[tenant] = None
            self._lately.move_to_end(tenant)
            while len(self._lately) > REMEMBERED:
                self._lately.popitem(last=False)
            known_parts, state = self._known.get((tenant, newest.sql), (b"", NOTHING))
            if parts and parts == known_parts:
                return state
            tenants = [tenant, *self._others(tenant, newest.sql, parts)]
        rows = warehouse.rows_of(tenants, newest, seconds=self.seconds)
        found = {row["workspace_id"]: state_of(row) for row in rows}
        with self._lock:
            for one in tenants:
                self._known[one, newest.sql] = parts, found.get(str(one), NOTHING)
                self._known.move_to_end((one, newest.sql))
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found.get(str(tenant), NOTHING)

    def _others(self, tenant: TenantId, question: str, parts: bytes) -> list[TenantId]:
        """Return who asked lately, and whose state is not known of these parts."""
        # Where the parts are not told, each is read anew whenever it is asked for.
        held = sum(_PART.decode(line)[2] for line in parts.splitlines())
        if not parts or held > MOST_ROWS_TOGETHER:
            return []
        unread = (
            one for one in reversed(self._lately)
            if one != tenant and self._known.get((one, question), (b"", NOTHING))[0] != parts
        )  # fmt: skip
        return list(islice(unread, TOGETHER - 1))

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
