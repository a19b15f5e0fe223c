"""How would dlt load by default? Its own DDL and JSON lines, over the transport that we both need.

dlt's ClickHouse destination speaks the native protocol, which the embedded engine does not, so the
peer gets our SQL client and keeps everything else: schema inference, child tables, jsonl files.
"""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import RunnableLoadJob
from dlt.destinations.impl.clickhouse.clickhouse import ClickHouseClient

from core.settings import Settings
from pipelines.destination import HttpClickHouse, HttpClient, HttpSqlClient, warehouse_destination

DATABASE = "peer"


class PeerSqlClient(HttpSqlClient):
    """Every table in the peer's own database."""

    def make_qualified_table_name_path(
        self, table_name: str | None, quote: bool = True, *_: Any, **__: Any
    ) -> list[str]:
        """Name a table of the peer."""
        path = [DATABASE, *([table_name] if table_name else [])]
        return [self.capabilities.escape_identifier(part) for part in path] if quote else path

    def has_dataset(self) -> bool:
        """Say whether the peer's database exists."""
        return bool(self.execute_sql("SELECT 1 FROM system.databases WHERE name = %s", DATABASE))

    def create_dataset(self) -> None:
        """Create the peer's database."""
        self.execute_sql(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")

    def _get_information_schema_components(self, *tables: str) -> tuple[str, str, list[str]]:
        return "", DATABASE, list(tables)


class JsonInsert(RunnableLoadJob):
    """One file of JSON lines."""

    def run(self) -> None:
        """Send the file."""
        client: Any = self._job_client
        body = Path(self._file_path).read_bytes()
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        client.sql_client.native_connection.client.raw_insert(
            client.sql_client.make_qualified_table_name(self.load_table_name),
            insert_block=body,
            fmt="JSONEachRow",
        )


class PeerClient(HttpClient):
    """dlt's job client with its own schema handling."""

    def __init__(self, schema: Any, config: Any, capabilities: Any) -> None:
        super().__init__(schema, config, capabilities)
        self.sql_client = PeerSqlClient(
            self.sql_client.dataset_name, self.sql_client.staging_dataset_name,
            list(schema.tables), config.credentials, capabilities, config,
        )  # fmt: skip

    def create_load_job(self, _: Any, file_path: str, *__: Any, **___: Any) -> RunnableLoadJob:
        """Return the job that loads one file."""
        return JsonInsert(file_path)

    def get_storage_tables(self, table_names: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """Ask ClickHouse, as dlt does."""
        return ClickHouseClient.get_storage_tables(self, table_names)  # type: ignore[return-value]


class PeerDestination(HttpClickHouse):
    """dlt's defaults."""

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.preferred_loader_file_format = "jsonl"
        capabilities.supported_loader_file_formats = ["jsonl", "parquet"]
        return capabilities

    @property
    def client_class(self) -> type[PeerClient]:
        """The job client's class."""
        return PeerClient


def nested_json_destination(settings: Settings) -> PeerDestination:
    """Return the peer's destination on the same ClickHouse."""
    ours = warehouse_destination(settings)
    return PeerDestination(**ours.config_params)
