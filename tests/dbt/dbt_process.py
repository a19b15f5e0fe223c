"""How do these tests run dbt? In one process that parses once: dbt takes seconds to do so.

And to read again what it has parsed, at every command. What a variable is decides no model's place
in the project, so one parse serves commands of any variables; it is that of the installation.
"""

import io
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, redirect_stdout
from multiprocessing import get_context
from typing import Any

Run = Callable[[Sequence[str]], subprocess.CompletedProcess[str]]
_runners: list[Any] = []  # of the process that runs dbt: its one, which knows what it has parsed


@contextmanager
def dbt_process(environment: Mapping[str, str], parse: Sequence[str]) -> Iterator[Run]:
    """Yield what runs a dbt command, as `dbt` would on a command line of this environment.

    All of them work on what the command `parse` has understood of the project.
    """
    with ProcessPoolExecutor(
        1, get_context("spawn"), initializer=_become, initargs=(dict(environment), list(parse))
    ) as pool:
        yield lambda arguments: pool.submit(_run, list(arguments)).result()


def _become(environment: dict[str, str], parse: list[str]) -> None:
    os.environ.clear()  # noqa: TID251
    os.environ.update(environment)  # noqa: TID251
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    from assets.dbt_start import forget_addresses

    forget_addresses()
    parsed = dbtRunner().invoke(parse).result
    assert isinstance(parsed, Manifest)
    _runners.append(dbtRunner(manifest=parsed))


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    with redirect_stdout(io.StringIO()) as said:
        done = _runners[0].invoke(arguments)
    text = said.getvalue() + (f"\n{done.exception}" if done.exception else "")
    return subprocess.CompletedProcess(arguments, 0 if done.success else 1, text, "")
