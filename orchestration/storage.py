"""How does Dagster reach its Postgres? As dagster-postgres does, with its driver named.

dagster-postgres is written for psycopg2 and leaves the driver to SQLAlchemy, whose default for
`postgresql://` is psycopg 3 since SQLAlchemy 2.1: `NOTIFY` with a bound parameter fails there. The
settings keep the plain URL, which everything else understands; here the driver is put in.

It also opens a connection per statement, 1,500 of them for a backfill's 81 assets (25 of 41 s on a
busy machine), except in the webserver; the pool that it has for the webserver serves every process.
How events are written: `event_log.py`.
"""

from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from orchestration.event_log import EventLog, batch_events

DRIVER = "postgresql+psycopg2://"
STATEMENT_MILLISECONDS = 60_000
POOL_RECYCLE_SECONDS = 600
POOL_OVERFLOW = 20  # beyond the one connection that each pool keeps


class PostgresStorage(DagsterPostgresStorage):
    """dagster-postgres' storage on a plain `postgresql://` URL."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "PostgresStorage":
        """Build the storage from `dagster.yaml`'s config."""
        _, address = str(config_value["postgres_url"]).split("://", 1)
        batch_events()
        storage = cls(postgres_url=DRIVER + address, inst_data=inst_data)
        storage._event_log_storage = EventLog(DRIVER + address)
        for part in (storage.event_log_storage, storage.run_storage, storage.schedule_storage):
            part.optimize_for_webserver(
                statement_timeout=STATEMENT_MILLISECONDS,
                pool_recycle=POOL_RECYCLE_SECONDS,
                max_overflow=POOL_OVERFLOW,
            )
        return storage
