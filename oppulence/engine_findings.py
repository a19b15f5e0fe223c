"""Does each engine answer as the platform needs it? One finding per engine."""

from collections.abc import Collection, Iterator

import redis

from core.cache import connect_cache
from core.database import Database
from core.errors import OppulenceError
from core.settings import Settings
from core.warehouse import Warehouse
from oppulence.findings import Finding

NEEDED_TABLES = frozenset({"workspaces", "api_keys", "connections"})


def engine_findings(settings: Settings, embedded: Collection[str]) -> Iterator[Finding]:
    """Reach ClickHouse, Postgres and Redis through the settings' URLs."""
    checks = {"clickhouse": _clickhouse, "postgres": _postgres, "redis": _redis}
    for name, check in checks.items():
        kind = "embedded" if name in embedded else "external"
        try:
            yield Finding(name, "ok", f"{kind}, {check(settings)}")
        except OppulenceError as error:
            yield Finding(name, "fail", f"{kind}: {error.detail}", error.next_step)
        except redis.RedisError as error:
            yield Finding(name, "warn", f"{kind}: {error}", "The API serves on without a cache.")


def _clickhouse(settings: Settings) -> str:
    warehouse = Warehouse.connect(settings, pool_size=1)
    try:
        return f"version {warehouse.rows('select version() as version')[0]['version']}"
    finally:
        warehouse.close()


def _postgres(settings: Settings) -> str:
    database = Database.connect(settings, size=1)
    try:
        with database.system() as rows:
            found = rows.execute("show server_version").fetchone()
            tables = rows.execute(
                "select table_name from information_schema.tables where table_schema = 'public'"
            ).fetchall()
    finally:
        database.close()
    missing = NEEDED_TABLES - {row["table_name"] for row in tables}
    if missing:
        raise OppulenceError(
            f"the schema lacks {', '.join(sorted(missing))}", next_step="Run `oppulence migrate`."
        )
    assert found is not None
    return f"version {found['server_version']}, schema in place"


def _redis(settings: Settings) -> str:
    with connect_cache(settings) as cache:
        found = cache.info("server")
    assert isinstance(found, dict)
    return f"version {found['redis_version']}"
