"""Which engines do the tests of all rooms share, each started once per session?"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class ClickHouseGateway:
    """A running gateway."""

    host: str
    port: int
    pid: int

    @property
    def url(self) -> str:
        """Return the address of its HTTP interface."""
        return f"http://{self.host}:{self.port}"


@pytest.fixture(scope="session")
def clickhouse_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseGateway]:
    """Start the real gateway over an empty folder; every test uses databases of its own in it."""
    folder: Path = tmp_path_factory.mktemp("clickhouse")
    command = [sys.executable, "-m", "local.clickhouse", "--path", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield ClickHouseGateway("127.0.0.1", int(ready["url"].rsplit(":", 1)[1]), process.pid)
        process.terminate()
        assert process.wait(30) == 0
