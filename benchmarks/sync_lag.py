"""Do events wait longer and longer, or take more memory, while they come as fast as can be?"""

import itertools
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from benchmarks.http_load import Load, at_full, post_request
from benchmarks.report import report
from benchmarks.sync_events import charge, signed
from core.database import Database
from core.settings import Settings

SUSTAINED_SECONDS = 60
SENDERS = 16
MANY = 200_000


def sustained(settings: Settings, connection_id: str, processes: list[psutil.Process]) -> None:
    """Post for a minute as fast as is acknowledged; compare the lag of its halves, and memory.

    Then more slowly, until memory has seen as many events as it is to be flat over.
    """
    system = Database.connect(settings, role="system", size=1)
    try:
        caught_up(system)  # with what was only acknowledged before
        with system.system() as rows:
            # The generator's events are of no API release, so their objects would be asked for,
            # and there is no Stripe here.
            rows.execute("delete from event_tasks")
        lags: list[int] = []
        memory: list[float] = []

        def look() -> None:
            lags.append(waiting(system))
            memory.append(sum(process.memory_info().rss for process in processes) / 1e6)

        with each_second(look):
            load = posted(settings, connection_id, seconds=SUSTAINED_SECONDS)
            while_sent = list(lags)
        report_lag(load, while_sent, caught_up(system))
        with each_second(look):
            more = posted(settings, connection_id, events=max(1, MANY - len(load.seconds)))
        caught_up(system)
    finally:
        system.close()
    growth = statistics.median(memory[-10:]) - statistics.median(memory[10:20])
    report(
        "sync.memory_growth", growth, "MB",
        peer=f"{len(load.seconds) + len(more.seconds)} events, API and worker together, from"
        f" {statistics.median(memory[10:20]):.0f} MB",
        ratio=None, goal=f"<= 40 MB over {MANY:,} events", met=growth <= 40,
    )  # fmt: skip


@contextmanager
def each_second(look: Callable[[], None]) -> Iterator[None]:
    """Look once a second until the block ends."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(1):
            look()

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        stop.set()
        watching.join()


def report_lag(load: Load, lags: list[int], seconds: float) -> None:
    """Report whether events waited longer and longer while they were sent as fast as could be."""
    middle = len(lags) // 2
    first, last = statistics.median(lags[:middle]), statistics.median(lags[middle:])
    applied = len(load.seconds) / (load.elapsed + seconds)
    report(
        "sync.sustained", applied, "events/s",
        peer=f"acknowledged {load.per_second:.0f}/s over {load.elapsed:.0f} s at {SENDERS}"
        f" connections; events waiting, median of halves: {first:.0f}, {last:.0f}; all applied"
        f" {seconds:.1f} s after the last",
        ratio=applied / load.per_second, goal="applied as fast as acknowledged (ratio >= 0.95)",
        met=applied >= 0.95 * load.per_second,
    )  # fmt: skip


def posted(settings: Settings, connection_id: str, *, seconds: float = 0, events: int = 0) -> Load:
    """Post events as fast as they are acknowledged, for so many seconds or so many of them."""
    path = f"/v1/webhooks/stripe/{connection_id}"

    def bodies() -> Iterator[bytes]:
        for number in itertools.count():
            body = charge(f"ch_sustained_{seconds:g}_{number}")
            yield post_request(path, signed(body), body)

    load = at_full(
        settings.api_port, bodies(), concurrency=SENDERS,
        is_over=lambda number, elapsed: (
            number + SENDERS > events if events else elapsed >= seconds
        ),
    )  # fmt: skip
    assert not load.unexpected, load.unexpected[:5]
    return load


def waiting(system: Database) -> int:
    """Return how many entries some store has not applied."""
    with system.system() as rows:
        row = rows.execute(
            "select count(*) as n from inbox i where position > (select coalesce(min(position), 0)"
            " from inbox_progress p where p.workspace_id = i.workspace_id)"
        ).fetchone()
    assert row is not None
    return int(row["n"])


def caught_up(system: Database) -> float:
    """Wait until everything is applied; return how long that took."""
    began = time.monotonic()
    while waiting(system):
        assert time.monotonic() - began < 600
        time.sleep(0.1)
    return time.monotonic() - began
