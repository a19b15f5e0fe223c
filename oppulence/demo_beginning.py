"""What can the demo begin with before its own code is loaded? Its engines and its second process.

Dagster, dlt, dbt and what they need take seconds to import. Meanwhile the engines start, in
processes of their own, and a second process imports the same for what it will run.
"""

import gc
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from core.settings import Settings
from oppulence.session import command_session


@dataclass(frozen=True, slots=True)
class Beginning:
    """What was begun.

    Attributes:
        started: When, on the monotonic clock.
        engines: The settings under which they answer, once they do.
        beside: A process for what runs beside this one.
    """

    started: float
    engines: Future[Settings]
    beside: Executor


def run(*, as_json: bool, scale: int | None) -> None:
    """Run the demo and print what it found.

    Raises:
        OppulenceError: As `oppulence.demo` says.
    """
    # Among thousands of fresh modules there is no garbage; looking for it takes seconds.
    gc.disable()
    with _beginning() as begun:
        from oppulence.demo import run_demo, tell

        gc.freeze()
        gc.enable()
        done = run_demo(begun, scale=scale)
    tell(done, as_json=as_json, seconds=time.monotonic() - begun.started)


@contextmanager
def _beginning() -> Iterator[Beginning]:
    started = time.monotonic()
    with (
        ProcessPoolExecutor(1, get_context("spawn"), initializer=gc.disable) as beside,
        ExitStack() as engines,
        ThreadPoolExecutor(1) as starting,  # its end comes first: then the engines are there
    ):
        beside.submit(load)
        begun = starting.submit(engines.enter_context, command_session("demo"))
        yield Beginning(started, begun, beside)


def load() -> None:
    """Import, in the other process, all that the demo's runs need: a core is idle meanwhile."""
    # skops looks for each of its functions in every module, in the order of their import.
    import scipy.special  # noqa: F401, I001

    import oppulence.demo  # noqa: F401

    # What checks and training import when they begin.
    import great_expectations  # noqa: F401
    import skops.io  # noqa: F401

    gc.freeze()
    gc.enable()
