"""Has anything of a workspace's transactions changed? Asked of ClickHouse, together with others.

A kept answer is true as long as its table's state is the one that it was made in, and ClickHouse
alone knows that: whatever wrote (a load, the worker, a replay, an erasure, a rebuild by dbt), no
writer has to tell, and none can forget to. The state is a projection of the very parts that hold
the rows, so that a row cannot be there before its state or after it. To make asking cheap, requests
that come while a question is out share the next one: each is answered by a question that was put
after it came.
"""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from core.tenancy import TenantId
from core.warehouse import TenantQuery
from serving.engines import Engines

DATA_AS_OF_HEADER = "X-Data-As-Of"
READERS = 2
AT_ONCE = 500
STATES = TenantQuery(
    """
    select workspace_id, count(), toUnixTimestamp64Milli(max(extracted_at)),
        toString((count(), max(landed_at), sum(version), sum(may_displace))), sum(may_displace)
    from unified.transactions_by_time
    group by workspace_id
    """
)


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
    """Reads states, many workspaces in one question."""

    engines: Engines
    _waiting: dict[TenantId, Future[State]] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _is_closed: bool = False
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin to answer."""
        for number in range(READERS):
            thread = threading.Thread(target=self._run, name=f"states-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Answer what was asked, and end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def ask(self, tenant: TenantId) -> Future[State]:
        """Return a state that is read from now on, as soon as it is there."""
        with self._changed:
            future = self._waiting.get(tenant)
            if future is None:
                future = self._waiting[tenant] = Future()
                future.set_running_or_notify_cancel()  # others wait for it: no caller can cancel it
                self._changed.notify()
            return future

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                if not self._waiting:
                    return
                names = list(self._waiting)[:AT_ONCE]
                asked = {name: self._waiting.pop(name) for name in names}
            self._answer(asked)

    def _answer(self, asked: dict[TenantId, Future[State]]) -> None:
        try:
            found = self.engines.warehouse.tenant_states(
                list(asked), STATES, seconds=self.engines.settings.query_seconds
            )
        except BaseException as error:  # noqa: BLE001 - raised again where the state was asked for
            for future in asked.values():
                future.set_exception(error)
            return
        for tenant, future in asked.items():
            future.set_result(_state(found[tenant]) if tenant in found else NOTHING)


def _state(row: list[Any]) -> State:
    rows_held, newest_at, text, may_displace = row
    seconds, milliseconds = divmod(int(newest_at), 1000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)
    as_of = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return State(text, as_of if rows_held else None, int(may_displace) > 0)
