"""How does Dagster reach its Postgres? As dagster-postgres does, with its driver named.

dagster-postgres is written for psycopg2 and leaves the driver to SQLAlchemy, whose default for
`postgresql://` is psycopg 3 since SQLAlchemy 2.1: `NOTIFY` with a bound parameter fails there. The
settings keep the plain URL, which everything else understands; here the driver is put in.
"""

from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

DRIVER = "postgresql+psycopg2://"


class PostgresStorage(DagsterPostgresStorage):
    """dagster-postgres' storage on a plain `postgresql://` URL."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "PostgresStorage":
        """Build the storage from `dagster.yaml`'s config."""
        _, address = str(config_value["postgres_url"]).split("://", 1)
        return cls(postgres_url=DRIVER + address, inst_data=inst_data)
