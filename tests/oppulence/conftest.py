"""Which stack do the command line's tests look at? All of it, started once by `oppulence up`."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from local.ports import free_port
from sandbox.process import running_sandbox
from tests.conftest import data_folder

# Generous: it only ends a wait, and another program may keep the machine busy.
READY_SECONDS = 800.0


@dataclass(frozen=True)
class RunningStack:
    """An `oppulence up`, and how to run other commands beside it."""

    settings: Settings
    process: subprocess.Popen[str]
    output: Path

    def live(self) -> dict[str, Any]:
        """Return what it tells other commands."""
        found: dict[str, Any] = json.loads((self.settings.data_dir / "run.json").read_text())
        return found

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same settings."""
        return run_command(self.settings, *words, **variables)


def run_command(
    settings: Settings, *words: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run `oppulence` with these settings and variables, without a terminal."""
    environment: Mapping[str, str] = {**settings.child_environment(), **variables}
    return subprocess.run(
        [sys.executable, "-m", "oppulence", *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Start everything on free ports; the last test of it stops it, or else this fixture."""
    with data_folder() as folder:
        yield from _running(folder, tmp_path_factory.mktemp("stack") / "output")


def _running(data_dir: Path, output: Path) -> Iterator[RunningStack]:
    ports = [free_port() for _ in range(4)]
    settings = Settings(
        data_dir=data_dir,
        api_port=ports[0],
        dagster_port=ports[1],
        clickhouse_port=ports[2],
        sandbox_port=ports[3],
        stripe_api_url=f"http://127.0.0.1:{ports[3]}",
        poll_seconds=3600,  # what comes as a webhook is not asked for meanwhile
    )
    # A small company, which the stack's sandbox keeps: syncs behind these tests stay short.
    with running_sandbox(data_dir / "sandbox", "--scale", "20"):
        pass
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "oppulence", "up"],
            env=settings.child_environment(),
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while "Everything is ready." not in output.read_text():
            assert process.poll() is None, output.read_text()[-3000:]
            assert time.monotonic() < deadline, output.read_text()[-3000:]
            time.sleep(0.2)
        yield RunningStack(settings, process, output)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(300)
