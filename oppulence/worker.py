"""What follows the providers' events? One process over every active connection, until stopped.

The loop is `pipelines.tail`; this is its process: signals end it after what it has begun, and a
file touched while it runs tells a supervisor or a container's healthcheck that it does.
"""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from types import FrameType

from core.errors import OppulenceError
from core.logs import get_logger
from core.settings import load_settings
from local.services import is_worker_alive, worker_mark
from oppulence.session import command_session
from pipelines.tail import run_tail

MARK_SECONDS = 5.0

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
        # The loop has a thread of its own, so that signals and the mark do not wait for it.
        with ThreadPoolExecutor(1, "tail") as threads:
            following = threads.submit(run_tail, settings, stopping)
            while not following.done():
                mark.touch()
                wait([following], timeout=MARK_SECONDS)
        mark.unlink(missing_ok=True)
        following.result()
