"""Which engines do tests run on? Real ones, started once per session and shared by every room.

Tests keep apart by workspace, table or key prefix, never by cleaning up after others.
"""

import os
from collections.abc import Iterator

import pytest

from core.settings import ENVIRONMENT_PREFIX, Settings
from local.stack import running_engines


def pytest_configure(config: pytest.Config) -> None:
    """Keep this machine's configuration, a real Stripe key above all, out of the tests."""
    for name in list(os.environ):  # noqa: TID251
        if name.startswith(ENVIRONMENT_PREFIX) or name == "STRIPE_API_KEY":
            del os.environ[name]  # noqa: TID251


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings whose four database URLs reach a migrated Postgres, with keys set."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("postgres"))
    with running_engines(settings, needed=["postgres"]) as complete:
        yield complete


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings whose `redis_url` reaches a Redis."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("redis"))
    with running_engines(settings, needed=["redis"]) as complete:
        yield complete


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings whose `clickhouse_url` reaches a gateway with the four databases, empty."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("clickhouse"))
    with running_engines(settings, needed=["clickhouse"]) as complete:
        yield complete


@pytest.fixture(scope="session")
def engines(
    postgres: Settings,
    redis: Settings,
    clickhouse: Settings,
) -> Settings:
    """Settings with every engine running and every key set."""
    return postgres.model_copy(
        update={"redis_url": redis.redis_url, "clickhouse_url": clickhouse.clickhouse_url}
    )
