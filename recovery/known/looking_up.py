"""How does the engine look facts up? Through the warehouse, at the moment of a decision.

Where ClickHouse does not answer nobody guesses: the episode waits, and it is not asked again for a
while, so that a share of the due episodes does not wait for it one by one.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from core.errors import OppulenceError
from core.logs import get_logger
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse
from recovery.engine.episode import Episode, Lookup
from recovery.flows.conditions import Wanted
from recovery.flows.facts import Facts
from recovery.known.reading import Asking, read_facts
from recovery.known.subjects import Subject

SECONDS = 10.0
SILENT_FOR = timedelta(seconds=30)
TABLES_KNOWN_FOR = timedelta(minutes=1)
_TABLES = """
select concat(database, '.', name) as name from system.tables
where database in ('unified', 'marts')
"""

log = get_logger("recovery")


class WarehouseFacts:
    """Looks facts up for episodes of any workspace; threads may share it."""

    def __init__(
        self, settings: Settings, connect: Callable[[Settings], Warehouse] | None = None
    ) -> None:
        self._settings = settings
        self._connect = connect or partial(Warehouse.connect, pool_size=4)
        self._warehouse: Warehouse | None = None
        self._tables: tuple[frozenset[str], datetime] | None = None
        self._silent_until: datetime | None = None
        self._lock = threading.Lock()

    def __call__(self, episode: Episode, wanted: frozenset[Wanted], now: datetime) -> Facts | None:
        """Return what is known of them; None where it cannot be read just now."""
        found = self._read(episode.workspace_id, [episode], wanted, now)
        return None if found is None else found[0]

    def of_share(self, asked: Sequence[tuple[Episode, frozenset[Wanted]]], now: datetime) -> Lookup:
        """Read for many at once; return what looks them up, and others one by one."""
        groups: defaultdict[tuple[str, frozenset[Wanted]], list[Episode]] = defaultdict(list)
        for episode, wanted in asked:
            groups[episode.workspace_id, wanted].append(episode)
        known: dict[tuple[str, str, frozenset[Wanted]], Facts] = {}
        for (workspace, wanted), episodes in groups.items():
            found = self._read(workspace, episodes, wanted, now) or ()
            for episode, facts in zip(episodes, found, strict=False):
                known[workspace, episode.id, wanted] = facts

        def look_up(episode: Episode, wanted: frozenset[Wanted], at: datetime) -> Facts | None:
            place = episode.workspace_id, episode.id, wanted
            return known[place] if place in known else self(episode, wanted, at)

        return look_up

    def close(self) -> None:
        """Close the warehouse's connections."""
        with self._lock:
            if self._warehouse is not None:
                self._warehouse.close()
                self._warehouse = None

    def _read(
        self,
        workspace_id: str,
        episodes: Sequence[Episode],
        wanted: frozenset[Wanted],
        now: datetime,
    ) -> list[Facts] | None:
        if self._settings.clickhouse_url is None:
            return [{} for _ in episodes]
        with self._lock:
            if self._silent_until is not None and now < self._silent_until:
                return None
        try:
            warehouse = self._connected()
            tables = self._known_tables(warehouse, now)
            asking = Asking(partial(_rows, warehouse, TenantId(workspace_id)), tables.__contains__)
            return read_facts(asking, [subject_of(one, now) for one in episodes], wanted)
        except OppulenceError as error:
            log.warning("facts cannot be looked up", code=error.code, reason=error.detail)
            with self._lock:
                self._silent_until = now + SILENT_FOR
            return None

    def _connected(self) -> Warehouse:
        with self._lock:
            if self._warehouse is None:
                self._warehouse = self._connect(self._settings)
            return self._warehouse

    def _known_tables(self, warehouse: Warehouse, now: datetime) -> frozenset[str]:
        with self._lock:
            if (
                self._tables is not None
                and self._tables[1] <= now < self._tables[1] + TABLES_KNOWN_FOR
            ):
                return self._tables[0]
        named = frozenset(str(row["name"]) for row in warehouse.rows(_TABLES))
        with self._lock:
            self._tables = (named, now)
        return named


def subject_of(episode: Episode, now: datetime) -> Subject:
    """Return where an episode's own rows are found."""
    kind, subject_id = episode.subject_kind, episode.subject_id
    return Subject(
        connection_id=episode.connection_id,
        customer_id=episode.customer_id,
        moment=now,
        currency=episode.currency,
        invoice_id=subject_id if kind == "invoice" else "",
        subscription_id=episode.subscription_id,
        payment_id=subject_id if kind == "payment_intent" else "",
        charge_id=episode.memory.newest_charge,
        dispute_id=subject_id if kind == "dispute" else "",
    )


def _rows(
    warehouse: Warehouse, tenant: TenantId, query: TenantQuery, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return warehouse.tenant_rows(tenant, query, values, seconds=SECONDS)
