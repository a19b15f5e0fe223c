"""Has anything of a workspace's transactions changed? Asked of ClickHouse, together with others.

A kept answer is true as long as its table's state is the one that it was made in, and ClickHouse
alone knows that: whatever wrote (a load, the worker, a replay, an erasure, a rebuild by dbt), no
writer has to tell, and none can forget to. The state is a projection of the very parts that hold
the rows, so that a row cannot be there before its state or after it.

Asking is made cheap in two steps. Requests that come while a question is out share the next one:
each is answered by a question that was put after it came. And the question is first of all for the
table's parts: while they are the same, so is every workspace's state; only where they are not are
the states themselves read, of those that are waited for and, with them, of some that were lately.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Container, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from core.logs import get_logger
from core.tenancy import TenantId
from core.warehouse import TenantQuery, WarehouseQueryError
from core.warehouse_questions import WarehouseQuestions

DATA_AS_OF_HEADER = "X-Data-As-Of"
TABLE = "unified.transactions_by_time"
AT_ONCE = 500
# How many workspaces that were asked for lately are read with those that wait: 1 costs 14 ms of the
# embedded engine, 50 cost 26, and whoever is asked for next need not wait for its own.
TOGETHER = 50
REMEMBERED_STATES = 10_000
# From so many on, the next round waits about as long as this one took: half the questions, and no
# fewer answers, since else two crowds would take turns.
CROWD, LONGEST_PAUSE_SECONDS = 4, 0.005
STATES = TenantQuery(
    """
    select workspace_id, count(), toUnixTimestamp64Milli(max(extracted_at)),
        toString((count(), max(landed_at), sum(version), sum(may_displace))), sum(may_displace)
    from unified.transactions_by_time
    group by workspace_id
    """
)
_ROW = msgspec.json.Decoder(list[Any])
_LOG = get_logger("serving")


class State(NamedTuple):
    """A workspace's transactions at a moment.

    Attributes:
        text: Differs whenever an answer may.
        as_of: When the newest row was ingested, for `X-Data-As-Of`; None before the first.
        may_displace: Whether a transaction may stand at more moments than its own.
    """

    text: str
    as_of: str | None
    may_displace: bool


NOTHING = State("", None, may_displace=False)


@dataclass
class StateReader:
    """Reads states, many workspaces in one question; made and asked on the server's loop.

    Args:
        questions: What asks ClickHouse.
        seconds: How long a question may take.
    """

    questions: WarehouseQuestions
    seconds: float
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _waiting: dict[TenantId, asyncio.Future[State]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _round: asyncio.Task[None] | None = None
    # Of each workspace: its state, and the parts that it was read of or after.
    _remembered: OrderedDict[TenantId, tuple[bytes, State]] = field(default_factory=OrderedDict)
    _is_told_of_parts: bool = True

    def ask(self, tenant: TenantId) -> asyncio.Future[State]:
        """Return a state that is read from now on, as soon as it is there.

        Others wait for the same future: shield it where the waiting may be cancelled.
        """
        future = self._waiting.get(tenant)
        if future is None:
            future = self._waiting[tenant] = self._loop.create_future()
            if self._round is None:
                self._round = self._begun(self._rounds())
        return future

    def read(self, tenant: TenantId) -> State:
        """Return a state that is read from now on; for threads, never on the loop itself."""

        async def asked() -> State:
            return await asyncio.shield(self.ask(tenant))

        return asyncio.run_coroutine_threadsafe(asked(), self._loop).result()

    async def close(self) -> None:
        """Answer what was asked."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _begun(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _rounds(self) -> None:
        """Ask for the parts as long as anybody waits; one question at a time."""
        try:
            while self._waiting:
                begun, asked = self._loop.time(), len(self._waiting)
                await self._answer_round()
                if asked >= CROWD:  # who was just answered asks again: let them share a round
                    await asyncio.sleep(min(self._loop.time() - begun, LONGEST_PAUSE_SECONDS))
        finally:
            self._round = None

    async def _answer_round(self) -> None:
        names = list(self._waiting)[:AT_ONCE]
        asked = {name: self._waiting.pop(name) for name in names}
        try:
            parts = await self._parts()
        except Exception as error:  # noqa: BLE001 - raised again where the state was asked for
            _fail(asked.values(), error)
            return
        changed: dict[TenantId, asyncio.Future[State]] = {}
        for tenant, future in asked.items():
            known_parts, state = self._remembered.get(tenant, (b"", NOTHING))
            if parts and known_parts == parts:
                _settle(future, state)
            else:
                changed[tenant] = future
        if changed:  # meanwhile others may be told that nothing has changed
            self._begun(self._read(changed, parts))

    async def _parts(self) -> bytes:
        try:
            return await self.questions.parts(TABLE, seconds=self.seconds)
        except WarehouseQueryError as error:
            if self._is_told_of_parts:
                self._is_told_of_parts = False
                _LOG.warning("parts_untold", reason=error.detail[:200])
            return b""

    async def _read(self, asked: dict[TenantId, asyncio.Future[State]], parts: bytes) -> None:
        """Answer with the states as they are; they were read after these parts were seen."""
        others = self._lately(asked, parts)
        try:
            tenants = [*asked, *others]
            lines = await self.questions.lines(tenants, STATES, {}, seconds=self.seconds)
            rows = [_ROW.decode(line) for line in lines.splitlines()]
            found = {TenantId(row[0]): _state(row[1:]) for row in rows}
        except Exception as error:  # noqa: BLE001 - raised again where the state was asked for
            _fail(asked.values(), error)
            return
        for tenant in others:
            self._remembered[tenant] = parts, found.get(tenant, NOTHING)
        for tenant, future in asked.items():
            state = found.get(tenant, NOTHING)
            self._remembered[tenant] = parts, state
            self._remembered.move_to_end(tenant)
            _settle(future, state)
        while len(self._remembered) > REMEMBERED_STATES:
            self._remembered.popitem(last=False)

    def _lately(self, asked: Container[TenantId], parts: bytes) -> list[TenantId]:
        """Return who was asked for last, is not now, and was not read of these parts."""
        if not parts:
            return []  # each must be read anew whenever it is asked for
        stale = (
            tenant
            for tenant, (known_parts, _) in reversed(self._remembered.items())
            if known_parts != parts and tenant not in asked
        )
        return list(islice(stale, TOGETHER))


def _settle(future: asyncio.Future[State], state: State) -> None:
    if not future.done():
        future.set_result(state)


def _fail(futures: Iterable[asyncio.Future[State]], error: Exception) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(error)
            future.exception()  # read: whoever asked may have left


def _state(row: Sequence[Any]) -> State:
    rows_held, newest_at, text, may_displace = row
    seconds, milliseconds = divmod(int(newest_at), 1000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)
    as_of = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return State(text, as_of if rows_held else None, int(may_displace) > 0)
