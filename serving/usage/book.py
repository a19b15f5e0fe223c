"""Who has asked how often today? Counted in memory, every second in Redis, soon after in Postgres.

A request pays for a counter in memory alone. Redis adds up all workers; from there (or, without
Redis, from each worker) days are written to Postgres as totals, never as additions, so that writing
them twice changes nothing. A total belongs to an epoch, the life of its counter in Redis: when
Redis loses it, counting goes on in a new epoch, and a day's figure is the sum over its epochs. A
killed worker loses its last second.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

import redis

from core.clock import utc_now
from core.database import Database
from core.errors import EngineUnavailableError
from core.logs import get_logger
from core.tenancy import TenantId, new_id
from serving.rate_limits import RouteClass
from serving.usage import queries

PUSH_SECONDS = 1.0
FLUSH_SECONDS = 15.0
_DIRTY = "usage|dirty"
_KEPT = timedelta(days=3)
_AT_LEAST, _AT_THE_END = 5, 200
_LOG = get_logger("usage")


class Place(NamedTuple):
    """A workspace's day."""

    tenant: str
    day: str

    @property
    def key(self) -> str:
        """Its counters' name in Redis."""
        return f"usage|{self.tenant}|{self.day}"


class Entry(NamedTuple):
    """One counter of a day: `requests`, or how many of them were `limited`."""

    caller_id: str
    route_class: str
    outcome: str


@dataclass
class UsageBook:
    """The counters of one process, and their way to Postgres."""

    cache: redis.Redis | None
    database: Database
    _epoch: str = field(default_factory=lambda: new_id("epoch"))
    _pending: Counter[tuple[Place, Entry]] = field(default_factory=Counter)
    _totals: dict[Place, Counter[Entry]] = field(default_factory=dict)  # where there is no Redis
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def count(
        self,
        tenant: TenantId,
        caller_id: str,
        route_class: RouteClass,
        *,
        is_new: bool = True,
        is_limited: bool = False,
    ) -> None:
        """Count one request, or that one counted before was refused after all."""
        place = Place(str(tenant), str(utc_now().date()))
        with self._lock:
            if is_new:
                self._pending[place, Entry(caller_id, route_class, "requests")] += 1
            if is_limited:
                self._pending[place, Entry(caller_id, route_class, "limited")] += 1

    def start(self) -> None:
        """Begin to carry counters on, in a thread."""
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Carry everything on once more, and end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def settle(self, tenant: TenantId) -> None:
        """Bring a workspace's figures in Postgres up to this moment.

        Raises:
            RedisError: Redis is away: Postgres has what was counted before.
            EngineUnavailableError: Postgres is.
        """
        self._push()
        today = utc_now().date()
        self._write([Place(str(tenant), str(day)) for day in (today, today - timedelta(days=1))])

    def _run(self) -> None:
        rounds, pause = 0, PUSH_SECONDS
        while not self._stop.wait(pause):
            rounds += 1
            is_time = rounds % int(FLUSH_SECONDS / PUSH_SECONDS) == 0
            pause = PUSH_SECONDS if self._carry(is_time=is_time) else FLUSH_SECONDS
        self._carry(is_time=True, is_last=True)

    def _carry(self, *, is_time: bool, is_last: bool = False) -> bool:
        try:
            self._push()
            self._write(self._dirty(is_time=is_time, is_last=is_last))
        except (redis.RedisError, EngineUnavailableError) as error:
            _LOG.warning("usage_waits", reason=str(error))
            return False
        return True

    def _push(self) -> None:
        """Move the counters of this process to Redis, all or none."""
        with self._lock:
            pending, self._pending = self._pending, Counter()
            if self.cache is None:
                for (place, entry), number in pending.items():
                    self._totals.setdefault(place, Counter())[entry] += number
                return
        if not pending:
            return
        pipeline = self.cache.pipeline(transaction=True)
        for place in {place for place, _ in pending}:
            pipeline.hsetnx(place.key, "epoch", new_id("epoch"))
            pipeline.expire(place.key, _KEPT)
            pipeline.sadd(_DIRTY, "|".join(place))
        for (place, entry), number in pending.items():
            pipeline.hincrby(place.key, "|".join(entry), number)
        try:
            pipeline.execute()
        except redis.RedisError:
            with self._lock:
                self._pending.update(pending)
            raise

    def _dirty(self, *, is_time: bool, is_last: bool) -> list[Place]:
        """Take days that changed; whoever takes one writes it.

        Every second some: hundreds written in one go would hold up the requests beside them.
        """
        if self.cache is None:
            with self._lock:
                return list(self._totals) if is_time else []
        waiting = self.cache.scard(_DIRTY)
        assert isinstance(waiting, int)
        some = max(_AT_LEAST, int(waiting * PUSH_SECONDS / FLUSH_SECONDS))
        taken = self.cache.spop(_DIRTY, _AT_THE_END if is_last else some)
        assert isinstance(taken, list)
        return [Place(*_text(name).split("|")) for name in taken]

    def _write(self, places: Iterable[Place]) -> None:
        left = list(places)
        try:
            while left:
                self._write_one(left[-1])
                left.pop()
        except EngineUnavailableError:
            if self.cache is not None and left:
                self.cache.sadd(_DIRTY, *("|".join(place) for place in left))
            raise

    def _write_one(self, place: Place) -> None:
        epoch, totals = self._totals_of(place)
        sums: dict[tuple[str, str], dict[str, int]] = {}
        for entry, number in totals.items():
            sums.setdefault((entry.caller_id, entry.route_class), {})[entry.outcome] = number
        if not sums:
            return
        with self.database.tenant(TenantId(place.tenant)) as rows, rows.cursor() as cursor:
            cursor.executemany(queries.KEEP, list(_values(place, epoch, sums)))
        if self.cache is None and place.day < str(utc_now().date() - _KEPT):
            with self._lock:
                self._totals.pop(place, None)

    def _totals_of(self, place: Place) -> tuple[str, Counter[Entry]]:
        if self.cache is None:
            with self._lock:
                return self._epoch, Counter(self._totals.get(place, Counter()))
        found = self.cache.hgetall(place.key)
        assert isinstance(found, dict)
        named = {_text(name): _text(value) for name, value in found.items()}
        epoch = named.pop("epoch", "")
        return epoch, Counter({Entry(*name.split("|")): int(n) for name, n in named.items()})


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode()


def _values(
    place: Place, epoch: str, sums: dict[tuple[str, str], dict[str, int]]
) -> Iterator[dict[str, object]]:
    for (caller_id, route_class), numbers in sums.items():
        yield {
            "workspace_id": place.tenant, "day": date.fromisoformat(place.day),
            "caller_id": caller_id, "route_class": route_class, "epoch": epoch,
            "requests": numbers.get("requests", 0), "limited": numbers.get("limited", 0),
        }  # fmt: skip
