"""How new are the marts behind an answer? Read again only when their tables' parts have changed.

The marts change with a run of dbt, a few times a day, and are asked for all day long. What a
workspace holds of them is remembered together with the parts that it was read after; while those
are the same, so is every row (`serving.states`, which does the same for transactions and says why).
Requests that come while the parts are asked for share the next question: each is answered by one
that was put after it came.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse, WarehouseQueryError
from core.warehouse_questions import WarehouseQuestions

REMEMBERED = 20_000
Row = dict[str, Any]
Tables = tuple[str, ...]


@dataclass
class MartStates:
    """Remembers what `NEWEST` questions were answered; made on the server's loop.

    Args:
        questions: What asks ClickHouse for parts.
        seconds: How long a question may take.
    """

    questions: WarehouseQuestions
    seconds: float
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _asked: dict[Tables, asyncio.Future[bytes]] = field(default_factory=dict)
    _next: dict[Tables, asyncio.Future[bytes]] = field(default_factory=dict)
    _rows: OrderedDict[tuple[TenantId, str], tuple[bytes, Row]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def read(self, warehouse: Warehouse, tenant: TenantId, newest: TenantQuery) -> Row:
        """Return the answer to a question of one row, as of now; for threads, not on the loop."""
        asked = asyncio.run_coroutine_threadsafe(self._parts(newest.tables), self._loop)
        parts = asked.result()
        key = (tenant, newest.sql)
        with self._lock:
            known_parts, row = self._rows.get(key, (b"", {}))
        if parts and parts == known_parts:
            return row
        (row,) = warehouse.tenant_rows(tenant, newest, seconds=self.seconds)
        with self._lock:
            self._rows[key] = parts, row
            self._rows.move_to_end(key)
            while len(self._rows) > REMEMBERED:
                self._rows.popitem(last=False)
        return row

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
