"""Which engines does a running API hold? Pools opened with the application and closed with it.

ClickHouse's client speaks to the server as it is made, so it is made on first use: an API started
before its warehouse answers 503 until that is up, and recovers by itself.
"""

import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

import redis
from fastapi import Depends, Request

from core.cache import connect_cache
from core.database import Database
from core.objects import connect_objects
from core.secrets import SecretBox
from core.settings import Settings
from core.warehouse import Warehouse
from ml.store import OpenModels

# Handlers run on up to 40 threads of the server's pool; each holds one ClickHouse connection at a
# time, and a Postgres connection only for short transactions.
WAREHOUSE_CONNECTIONS = 40
DATABASE_CONNECTIONS = 16
TABLES_KNOWN_SECONDS = 60.0


@dataclass
class Engines:
    """The pools of one application. `cache` is None where no Redis is configured."""

    settings: Settings
    database: Database
    cache: redis.Redis | None
    _warehouse: Warehouse | None = None
    _tables: dict[str, tuple[bool, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, settings: Settings) -> "Engines":
        """Open the pools; none of the engines needs to answer yet.

        Raises:
            ConfigurationError: The URL of a needed engine, or a secret, is not set.
        """
        settings.required("clickhouse_url")
        settings.required("api_key_secret")
        SecretBox.from_keys(settings.required("encryption_keys"))
        cache = connect_cache(settings) if settings.redis_url else None
        return cls(settings, Database.connect(settings, size=DATABASE_CONNECTIONS), cache)

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse's client, made on first use.

        Raises:
            EngineUnavailableError: ClickHouse does not answer.
        """
        with self._lock:
            if self._warehouse is None:
                self._warehouse = Warehouse.connect(self.settings, pool_size=WAREHOUSE_CONNECTIONS)
            return self._warehouse

    def has_table(self, name: str) -> bool:
        """Say whether the warehouse has a table, as it was within the last minute."""
        known, until = self._tables.get(name, (False, 0.0))
        if time.monotonic() < until:
            return known
        database, _, table = name.partition(".")
        found = self.warehouse.rows(
            "select 1 as one from system.tables"
            " where database = {database:String} and name = {table:String}",
            {"database": database, "table": table},
        )
        self._tables[name] = (bool(found), time.monotonic() + TABLES_KNOWN_SECONDS)
        return bool(found)

    @cached_property
    def models(self) -> OpenModels:
        """What opens trained models, on first use."""
        return OpenModels(connect_objects(self.settings))

    @property
    def api_key_secret(self) -> str:
        """The secret under which API keys are hashed."""
        return self.settings.required("api_key_secret")

    @property
    def box(self) -> SecretBox:
        """The box that seals credentials and kept answers."""
        return SecretBox.from_keys(self.settings.required("encryption_keys"))

    def close(self) -> None:
        """Close every pool."""
        with self._lock:
            if self._warehouse is not None:
                self._warehouse.close()
                self._warehouse = None
        self.database.close()
        if self.cache is not None:
            self.cache.close()


def _settings(request: Request) -> Settings:
    engines: Engines = request.state.engines
    return engines.settings


# Where providers and Dagster are: by settings alone, never by the caller, who could point us
# anywhere.
ServerSettings = Annotated[Settings, Depends(_settings)]
