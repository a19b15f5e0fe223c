"""Who recovers? Threads of the worker: one looks at changes, one moves, some act, one sweeps.

A change rings a bell (LISTEN); timers are looked at every second. Each loop goes on while another
waits for an engine, waits longer after every failure, and finishes what it has begun when told to
stop. All state is in Postgres: several workers share the work by locks that skip what is taken.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import psycopg

from core.clock import utc_now
from core.database import Database
from core.errors import ConfigurationError, EngineUnavailableError, OppulenceError
from core.logs import get_logger
from core.recovery_signals import CHANNEL
from core.settings import Settings
from recovery.channels.registry import senders_of
from recovery.forecasting import Forecasters
from recovery.performing import perform
from recovery.running import SHARE, run_due
from recovery.senders import Senders
from recovery.store import actions
from recovery.sweeping import sweep_due
from recovery.watching import Parts, parts_of, watch

LOOK_SECONDS = 1.0
SWEEP_SECONDS = 10.0
LONGEST_PAUSE = 30.0
SIDE_BY_SIDE = 4
ACTIONS = 16

log = get_logger("recovery")


def run_recovery(
    settings: Settings,
    stop_event: threading.Event,
    senders: Senders | None = None,
    forecasters: Forecasters | None = None,
) -> None:
    """Recover until `stop_event` is set."""
    database = Database.connect(settings, role="system", size=8)
    application = Database.connect(settings, size=SIDE_BY_SIDE)
    try:
        given = senders if senders is not None else senders_of(settings, database)
        try:
            parts = parts_of(settings, database, application, given, forecasters)
        except ConfigurationError as error:
            # The other loops of the worker need none of it.
            log.error("recovery is off", reason=error.detail, next_step=error.next_step)
            stop_event.wait()
            return
        bells = [threading.Event() for _ in range(3)]
        with ThreadPoolExecutor(SIDE_BY_SIDE * 2, "recovery") as pool:
            turns: list[tuple[Callable[[], bool], threading.Event | None, float]] = [
                (lambda: watch(parts, utc_now(), pool) > 0, bells[0], LOOK_SECONDS),
                (lambda: run_due(database, parts.book, utc_now()) >= SHARE, bells[1], LOOK_SECONDS),
                (lambda: act(parts, utc_now(), pool) > 0, bells[2], 0.1),
                (lambda: sweep_due(parts, utc_now()) > 0, None, SWEEP_SECONDS),
            ]
            with ThreadPoolExecutor(len(turns) + 1, "recovery-loop") as loops:
                running = [loops.submit(_loop, stop_event, *turn) for turn in turns]
                running.append(loops.submit(_listen, settings, stop_event, bells))
                for one in running:
                    one.result()
        parts.accounts.close()
    finally:
        application.close()
        database.close()


def act(parts: Parts, now: datetime, pool: ThreadPoolExecutor | None = None) -> int:
    """Carry out a share of the actions that wait; return how many there were.

    Raises:
        EngineUnavailableError: Postgres does not answer.
    """
    with parts.database.system() as rows:
        taken = actions.lease(rows, now, ACTIONS)
    if pool is None:
        for action in taken:
            perform(parts, action, now)
    else:
        list(pool.map(lambda action: perform(parts, action, now), taken))
    return len(taken)


def _loop(
    stop: threading.Event, turn: Callable[[], bool], bell: threading.Event | None, seconds: float
) -> None:
    """Take turns until stopped; again at once while there is more, longer apart after failures."""
    pause = 0.5
    try:
        while not stop.is_set():
            try:
                if bell is not None:
                    bell.clear()
                if turn():
                    continue
                pause = 0.5
            except OppulenceError as error:
                log.warning("recovery waits", code=error.code, reason=error.detail, seconds=pause)
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            (bell or stop).wait(seconds)
    except BaseException:
        stop.set()  # a fault of ours: the worker ends, and its supervisor begins it anew
        raise


def _listen(settings: Settings, stop: threading.Event, bells: list[threading.Event]) -> None:
    url = settings.required("database_system_url")
    while not stop.is_set():
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
                connection.execute(f"listen {CHANNEL}")
                while not stop.is_set():
                    for _ in connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                        for bell in bells:
                            bell.set()
        except psycopg.OperationalError as error:
            waits = EngineUnavailableError(f"Postgres did not answer: {error}")
            log.warning("recovery does not hear", reason=waits.detail)
            stop.wait(LOOK_SECONDS)
