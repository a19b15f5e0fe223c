"""How does the engine look facts up? Through the warehouse, at the moment of a decision.

Where ClickHouse does not answer nobody guesses: the episode waits, and it is not asked again for a
while, so that a share of the due episodes does not wait for it one by one.
"""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from core.errors import OppulenceError
from core.logs import get_logger
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse
from recovery.engine.episode import Episode
from recovery.flows.conditions import Wanted
from recovery.flows.facts import Facts
from recovery.known.reading import Asking, read_facts
from recovery.known.subjects import Subject

SECONDS = 5.0
SILENT_FOR = timedelta(seconds=30)
TABLES_KNOWN_FOR = timedelta(minutes=1)
_TABLES = """
select concat(database, '.', name) as name from system.tables
where database in ('unified', 'marts')
"""

log = get_logger("recovery")


class WarehouseFacts:
    """Looks facts up for episodes of any workspace; threads may share it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._warehouse: Warehouse | None = None
        self._tables: tuple[frozenset[str], datetime] | None = None
        self._silent_until: datetime | None = None
        self._lock = threading.Lock()

    def __call__(self, episode: Episode, wanted: frozenset[Wanted], now: datetime) -> Facts | None:
        """Return what is known of them; None where it cannot be read just now."""
        if self._settings.clickhouse_url is None:
            return {}
        with self._lock:
            if self._silent_until is not None and now < self._silent_until:
                return None
        try:
            warehouse = self._connected()
            tables = self._known_tables(warehouse, now)
            tenant = TenantId(episode.workspace_id)
            asking = Asking(partial(_rows, warehouse, tenant), tables.__contains__)
            (found,) = read_facts(asking, [subject_of(episode, now)], wanted)
        except OppulenceError as error:
            log.warning("facts cannot be looked up", code=error.code, reason=error.detail)
            with self._lock:
                self._silent_until = now + SILENT_FOR
            return None
        return found

    def close(self) -> None:
        """Close the warehouse's connections."""
        with self._lock:
            if self._warehouse is not None:
                self._warehouse.close()
                self._warehouse = None

    def _connected(self) -> Warehouse:
        with self._lock:
            if self._warehouse is None:
                self._warehouse = Warehouse.connect(self._settings, pool_size=4)
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
