"""What follows the providers' events? One process over every active connection, until stopped.

The loops are `pipelines.tail` for events that are asked for, `pipelines.inbox` for those that come,
`serving.syncs.dispatcher` for syncs that wait for Dagster, `serving.connections.erasing` for what
shall be forgotten, `recovery.worker` for failed payments, and `oppulence.sandbox_webhooks`; this is
their process: signals end it after
what it has begun, and a file touched while it runs tells a supervisor or a container's healthcheck
that it does.
"""

import signal
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from types import FrameType

from core.database import Database
from core.errors import OppulenceError
from core.logs import get_logger
from core.settings import Settings, load_settings
from local.services import is_worker_alive, worker_mark
from oppulence.forecasting import Forecasting
from oppulence.sandbox_webhooks import run_sandbox_webhooks
from oppulence.session import command_session
from pipelines.inbox.worker import run_inbox
from pipelines.tail import run_tail
from recovery.worker import run_recovery
from serving.backfills.driving import run_backfills
from serving.connections.erasing import run_erasing
from serving.outbound.sending import run_sending
from serving.syncs.dispatcher import run_dispatcher

MARK_SECONDS = 5.0


def run_recovery_with_models(settings: Settings, stop_event: threading.Event) -> None:
    """Recover, the registered models of propensity telling how likely tries are."""
    database = Database.connect(settings, role="system", size=1)
    try:
        run_recovery(settings, stop_event, forecasters=Forecasting(settings, database))
    finally:
        database.close()


LOOPS = (
    run_tail, run_inbox, run_dispatcher, run_backfills, run_erasing, run_sending,
    run_sandbox_webhooks, run_recovery_with_models,
)  # fmt: skip

log = get_logger("worker")


class WorkerSilentError(OppulenceError):
    """No worker of this data folder has shown itself lately."""

    code = "worker_silent"
    title = "The worker does not run"


def check_worker() -> None:
    """Say whether a worker of this data folder runs.

    Raises:
        WorkerSilentError: None does.
    """
    settings = load_settings()
    if not is_worker_alive(settings):
        raise WorkerSilentError(
            f"{worker_mark(settings)} was not touched lately.",
            next_step="Look at the worker's log; start it with `oppulence worker`.",
        )


def run_worker() -> None:
    """Follow every active connection until SIGTERM or Ctrl-C."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    with command_session("worker", needed=["clickhouse", "postgres"]) as settings:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        mark = worker_mark(settings)
        log.info("following", every_seconds=settings.poll_seconds)
        # Each loop has a thread of its own, so that signals and the mark do not wait for it. A
        # fault of one ends all, and the supervisor starts them again.
        with ThreadPoolExecutor(len(LOOPS), "loop") as threads:
            running = [threads.submit(loop, settings, stopping) for loop in LOOPS]
            while not any(loop.done() for loop in running):
                mark.touch()
                wait(running, timeout=MARK_SECONDS, return_when=FIRST_COMPLETED)
            stopping.set()
        mark.unlink(missing_ok=True)
        for loop in running:
            loop.result()
