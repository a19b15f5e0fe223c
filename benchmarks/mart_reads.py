"""How fast does the API read the marts? Saved metrics, the ledger's pages and balances, payouts.

Uncached, 20 a second, over all workspaces in turn; and the same statements asked of ClickHouse
alone, as often: after a pause the processors' caches are cold, and any statement takes some
3 ms longer than one that follows another at once, which is told beside. `benchmarks.marts` fills
what is read.
"""

import itertools
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from benchmarks.api import Worker
from benchmarks.http_load import at_rate, request
from benchmarks.report import report
from core.clock import utc_now
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse
from serving.ledger import queries as ledger
from serving.ledger.filters import BalanceFilters, EntriesPage
from serving.ledger.listing import position_of
from serving.metrics import billing, recovery
from serving.metrics.series import interval_starts
from serving.metrics.statements import parameters, statement
from serving.reconciliation import queries as reconciliation
from serving.reconciliation.filters import MatchesPage
from serving.reconciliation.listing import position_of as payouts_after

PER_SECOND = 20
READS = {
    "live_mrr": (billing.METRICS, ()), "net_retention": (billing.METRICS, ()),
    "fees": (billing.METRICS, ("method", "country")), "receivables": (billing.METRICS, ("age",)),
    "revenue": (billing.METRICS, ()), "recovery_rate": (recovery.METRICS, ("reason",)),
    "retry_success": (recovery.METRICS, ("attempt_number",)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """What is asked of the API, of which no two are the same; and the same of ClickHouse alone."""

    path: str
    query: TenantQuery
    values: dict[str, Any]
    is_page: bool = False


def reads_of_metrics() -> Iterator[tuple[str, Read]]:
    """Yield saved metrics, by the month."""
    until = utc_now().date() + timedelta(days=1)
    starts = list(interval_starts(date(2025, 6, 1), until, "month"))
    for name, (metrics, by) in READS.items():
        prefix = "/v1/recovery/metrics" if metrics is recovery.METRICS else "/v1/metrics"
        cuts = "".join(f"&by={cut}" for cut in by)
        # Another limit makes another question: nothing comes from the cache.
        path = f"{prefix}/{name}?interval=month&since=2025-06-01&limit={{limit}}{cuts}"
        values = parameters(starts, until, None, {})
        yield name, Read(path, statement(metrics[name], by, (), "month"), values)


def reads_of_lists() -> Iterator[tuple[str, Read]]:
    """Yield the newest page of entries and of payouts, and all balances."""
    entries = EntriesPage().parameters() | position_of(None) | {"limit": 101}
    yield (
        "ledger_entries",
        Read("/v1/ledger/entries?limit=100", ledger.entries(frozenset()), entries, is_page=True),
    )
    balances = BalanceFilters().parameters()
    yield (
        "trial_balance",
        Read("/v1/ledger/trial_balance", ledger.trial_balance(frozenset()), balances),
    )
    payouts = MatchesPage().parameters() | payouts_after(None) | {"limit": 101}
    pages = reconciliation.page("payouts", frozenset())
    yield "payouts", Read("/v1/reconciliation/payouts?limit=100", pages, payouts)


def reads(settings: Settings, worker: Worker, names: list[str], seconds: float, size: str) -> None:
    """Ask the API, uncached, and ClickHouse alone."""
    warehouse = Warehouse.connect(settings, pool_size=1)
    # Whoever uses it has asked before: after a run of the marts such states are read together.
    known = (request("/v1/metrics/mrr", worker.headers(tenant)) for tenant in names)
    at_rate(worker.port, known, per_second=PER_SECOND, seconds=len(names) / PER_SECOND)
    for name, read in itertools.chain(reads_of_metrics(), reads_of_lists()):

        def asked(path: str = read.path) -> Iterator[bytes]:
            for number, tenant in enumerate(itertools.cycle(names)):
                yield request(path.format(limit=1 + number % 499), worker.headers(tenant))

        at_rate(worker.port, asked(), per_second=10, seconds=2)
        load = at_rate(worker.port, asked(), per_second=PER_SECOND, seconds=seconds)
        assert not load.unexpected, load.unexpected[:5]
        at_once = statistics.median(_bare(warehouse, read, tenant) for tenant in names[:40])
        bare = statistics.median(_paced(warehouse, read, tenant) for tenant in names[:40])
        for share, most in ((0.5, 30), (0.99, 150)):
            figure = load.quantile(share)
            ratio = figure / bare if share == 0.5 else None
            report(
                f"marts.read_{name}_p{round(share * 100)}", figure, "ms",
                peer=f"the statement alone, as often: {bare:.1f} ms (one after the other:"
                f" {at_once:.1f}); {size}",
                ratio=ratio,
                goal=f"< {most} ms" + (", ratio < 2" if ratio else ""),
                met=figure < most and (ratio is None or ratio < 2),
            )  # fmt: skip
    warehouse.close()


def _paced(warehouse: Warehouse, read: Read, tenant: str) -> float:
    """Return the milliseconds of a statement that comes when its turn has, as requests do."""
    time.sleep(1 / PER_SECOND - time.perf_counter() % (1 / PER_SECOND))
    return _bare(warehouse, read, tenant)


def _bare(warehouse: Warehouse, read: Read, tenant: str) -> float:
    started = time.perf_counter()
    warehouse.tenant_rows(TenantId(tenant), read.query, read.values, is_page=read.is_page)
    return (time.perf_counter() - started) * 1000
