"""How do the gateway's tests speak raw HTTP to it?"""

import http.client
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import psutil
import pytest


class Address(Protocol):
    """Where a gateway listens, and which process it is."""

    host: str
    port: int
    pid: int


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    headers: dict[str, str]


class RawClient:
    """One HTTP request per call, each on a connection of its own."""

    def __init__(self, address: Address) -> None:
        self.address = address

    def send(
        self,
        body: Any = None,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        path: str = "/",
        **words: str,
    ) -> Answer:
        connection = http.client.HTTPConnection(self.address.host, self.address.port, timeout=60)
        try:
            target = f"{path}?{urlencode(words)}" if words else path
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            try:
                content = response.read()
            except http.client.IncompleteRead as error:
                content = error.partial
                response.close()
            return Answer(response.status, content, dict(response.getheaders()))
        finally:
            connection.close()

    def rows(self, sql: Any, **words: str) -> list[str]:
        answer = self.send(sql, **words)
        assert answer.status == 200, answer.body
        return answer.body.decode().splitlines()

    def resident_bytes(self) -> int:
        return int(psutil.Process(self.address.pid).memory_info().rss)


@dataclass(frozen=True)
class OwnGateway:
    """A gateway that belongs to one test, which may kill it."""

    host: str
    port: int
    pid: int
    process: "subprocess.Popen[str]"


@pytest.fixture
def raw(clickhouse_gateway: Address) -> RawClient:
    return RawClient(clickhouse_gateway)


@pytest.fixture
def database(raw: RawClient) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    raw.rows(f"CREATE DATABASE {name}")
    yield name
    raw.rows(f"DROP DATABASE {name}")


@pytest.fixture
def start_gateway() -> Iterator[Callable[..., OwnGateway]]:
    """Start gateways that are killed when the test ends."""
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path, *arguments: str) -> OwnGateway:
        command = [sys.executable, "-m", "local.clickhouse", "--path", str(folder), "--port", "0"]
        process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        port = int(ready["url"].rsplit(":", 1)[1])
        return OwnGateway("127.0.0.1", port, process.pid, process)

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def within(seconds: float, what: str) -> Iterator[Callable[[bool], bool]]:
    """Poll in a loop: `while not done(condition)` fails when the time is over."""
    deadline = time.monotonic() + seconds

    def done(reached: bool) -> bool:
        if not reached:
            assert time.monotonic() < deadline, f"{what} took more than {seconds} s"
            time.sleep(0.05)
        return reached

    yield done


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool], float, str], None]:
    """Wait until something is true."""

    def wait(condition: Callable[[], bool], seconds: float, what: str) -> None:
        with within(seconds, what) as done:
            while not done(condition()):
                pass

    return wait
