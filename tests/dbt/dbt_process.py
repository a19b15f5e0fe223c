"""How do these tests run dbt? In one process for all commands: dbt takes seconds to import."""

import io
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, redirect_stdout
from multiprocessing import get_context

Run = Callable[[Sequence[str]], subprocess.CompletedProcess[str]]


@contextmanager
def dbt_process(environment: Mapping[str, str]) -> Iterator[Run]:
    """Yield what runs a dbt command, as `dbt` would on a command line of this environment."""
    with ProcessPoolExecutor(
        1, get_context("spawn"), initializer=_become, initargs=(dict(environment),)
    ) as pool:
        yield lambda arguments: pool.submit(_run, list(arguments)).result()


def _become(environment: dict[str, str]) -> None:
    os.environ.clear()  # noqa: TID251
    os.environ.update(environment)  # noqa: TID251


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    from dbt.cli.main import dbtRunner

    from assets.dbt_start import forget_addresses

    forget_addresses()
    with redirect_stdout(io.StringIO()) as said:
        done = dbtRunner().invoke(arguments)
    text = said.getvalue() + (f"\n{done.exception}" if done.exception else "")
    return subprocess.CompletedProcess(arguments, 0 if done.success else 1, text, "")
