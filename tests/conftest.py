"""Which engines do the tests of all rooms share? Real ones, each started once per session.

Tests keep apart by workspace, database, table or key prefix, never by cleaning up after others.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

import certifi
import httpx
import pytest
from hypothesis import settings
from pydantic import SecretStr

from core import cache
from core.settings import ENVIRONMENT_PREFIX, Settings
from local.gateway import clickhouse_url
from local.stack import prepare_engines, running_engines
from sandbox.process import RunningSandbox, running_sandbox
from tests.another_day import AHEAD, clock_ahead
from tests.european_banks import EuropeanBanks, running_banks
from tests.mailbox import Mailbox, running_mailbox


def pytest_configure(config: pytest.Config) -> None:
    """Keep this machine's configuration, a real Stripe key above all, out of the tests."""
    gc.disable()  # among thousands of fresh modules there is no garbage to look for
    # An example takes as long as the machine's other programs let it: no fault of the code's.
    settings.register_profile("oppulence", deadline=None)
    settings.load_profile("oppulence")
    for name in list(os.environ):  # noqa: TID251
        if name.startswith(ENVIRONMENT_PREFIX) or name == "STRIPE_API_KEY":
            del os.environ[name]  # noqa: TID251
    _have_patience()
    _trust_few(config)


def pytest_collection_finish() -> None:
    """Have the collector look at what tests make, and not at every loaded module as well."""
    gc.freeze()
    gc.enable()


def _have_patience() -> None:
    """Wait longer for what answers late only because other programs keep the machine busy.

    A Redis that is silent for half a second counts as away for five; httpx gives up after five.
    """
    cache._OPTIONS.update(socket_timeout=60.0, socket_connect_timeout=60.0)
    for part in ("connect", "read", "write", "pool"):
        setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, part, 60.0)


def _trust_few(config: pytest.Config) -> None:
    """Give OpenSSL one authority to read, not all: each `httpx.get` does so, for 40 ms of a core.

    Tests speak TLS with nobody but servers of their own, whose authorities they name.
    """
    end = "-----END CERTIFICATE-----\n"
    first = Path(certifi.where()).read_text().partition(end)[0] + end
    with NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
        file.write(first)
    config.add_cleanup(Path(file.name).unlink)
    os.environ["SSL_CERT_FILE"] = file.name  # noqa: TID251


@contextmanager
def data_folder() -> Iterator[Path]:
    """Yield a data folder for embedded engines, outside pytest's own.

    Under root, Postgres runs as another user and must pass through the folders above its own;
    pytest closes its folder to others at the start of every session, that of a neighbour too.
    """
    with TemporaryDirectory(prefix="oppulence-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "data"


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder of one test."""
    with data_folder() as folder:
        yield folder


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
        assert process.wait(120) == 0


@pytest.fixture(scope="session")
def postgres() -> Iterator[Settings]:
    """Settings whose four database URLs reach a migrated Postgres, with keys set."""
    with (
        data_folder() as folder,
        running_engines(Settings(data_dir=folder), needed=["postgres"]) as complete,
    ):
        yield complete


@pytest.fixture(scope="session")
def redis() -> Iterator[Settings]:
    """Settings whose `redis_url` reaches a Redis."""
    with (
        data_folder() as folder,
        running_engines(Settings(data_dir=folder), needed=["redis"]) as complete,
    ):
        yield complete


@pytest.fixture(scope="session")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    """The relay that every mail of the tests goes to."""
    with running_mailbox(tmp_path_factory.mktemp("mail") / "mail") as running:
        yield running


@pytest.fixture(scope="session")
def engines(
    postgres: Settings, redis: Settings, clickhouse_gateway: ClickHouseGateway, mailbox: Mailbox
) -> Settings:
    """Settings with every engine running, the four ClickHouse databases made, every key set."""
    complete = postgres.model_copy(
        update={
            "smtp_url": SecretStr(mailbox.url),
            "redis_url": redis.redis_url,
            "clickhouse_url": SecretStr(clickhouse_url(clickhouse_gateway.port)),
        }
    )
    prepare_engines(complete, ("clickhouse",))
    return complete


@pytest.fixture(scope="session")
def stripe_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """Two demo companies of 100 customers behind Stripe's API: read only, the session shares it.

    Tests that change objects, set faults or move the clock run a sandbox of their own
    (`sandbox.process.running_sandbox`).
    """
    folder = tmp_path_factory.mktemp("sandbox")
    options = ("--scale", "100", "--seed", "7", "--until", "2026-11-20", "--accounts", "2")
    with running_sandbox(folder, *options) as running:
        yield running


@pytest.fixture(scope="session")
def european_banks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EuropeanBanks]:
    """The company's euro banks behind GoCardless and Enable Banking; every test consents anew.

    Consents and allowances are each test's own. Tests that move the clock run banks of their own.
    """
    with running_banks(tmp_path_factory.mktemp("european-banks")) as running:
        yield running


@pytest.fixture
def banks_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process read the clock of those banks, whatever day it is outside."""
    monkeypatch.setattr("core.clock.datetime", clock_ahead(AHEAD))
