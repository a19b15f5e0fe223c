"""How does dlt load into ClickHouse over HTTP alone? Its own destination, with another transport.

dlt's ClickHouse destination opens the native TCP port, which the embedded engine does not have and
Cloud proxies often block. Here statements go through clickhouse-connect, and Parquet files are
streamed as the body of `INSERT … FORMAT Parquet`: no staging, no re-encoding. Raw tables are ours
(`pipelines.raw`) and only appended to; dlt creates nothing but its own three tables, in a database
of their own. Merge and replace are deliberately absent.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, AnyStr, ClassVar
from urllib.parse import unquote, urlsplit

from clickhouse_connect import dbapi
from clickhouse_connect.dbapi.connection import Connection
from clickhouse_connect.driver import create_client
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from clickhouse_connect.driver.httputil import get_pool_manager
from dlt.common.configuration import configspec
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import LoadJob, RunnableLoadJob
from dlt.common.destination.configuration import ParquetFormatConfiguration
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.normalizers.naming import NamingConvention
from dlt.common.schema.typing import TColumnSchema, TTableSchemaColumns
from dlt.destinations.exceptions import (
    DatabaseTerminalException,
    DatabaseTransientException,
    DatabaseUndefinedRelation,
)
from dlt.destinations.impl.clickhouse.clickhouse import ClickHouseClient
from dlt.destinations.impl.clickhouse.configuration import (
    ClickHouseClientConfiguration,
    ClickHouseCredentials,
)
from dlt.destinations.impl.clickhouse.factory import clickhouse
from dlt.destinations.impl.clickhouse.sql_client import (
    ClickHouseDBApiCursorImpl,
    ClickHouseSqlClient,
)
from dlt.destinations.sql_client import raise_database_error, raise_open_connection_error

from core.settings import Settings
from pipelines.raw import DATABASE

DLT_DATABASE = "dlt"
_UNKNOWN = {60, 81}  # UNKNOWN_TABLE, UNKNOWN_DATABASE
# Codes that no retry changes: syntax, types, unknown names and formats, duplicates, rights.
_HOPELESS = {6, 16, 27, 33, 36, 43, 44, 46, 47, 53, 57, 62, 73, 82, 115, 117, 497}
_READ_SECONDS = 600
# Versions meet when parts merge and when readers ask for the newest (FINAL); merging each block on
# its way in, here and behind every view, would spare neither.
_INSERT_SETTINGS = {"optimize_on_insert": "0"}


class SharedConnection(Connection):
    """A DB-API connection over a client that others use as well, and that none of them closes."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.timezone = client.server_tz

    def close(self) -> None:
        """Leave the client to the others."""


@lru_cache(maxsize=4)
def _client(host: str, port: int, username: str, password: str, is_secure: bool) -> Client:
    """Return this process's client of a server: opening one costs three requests."""
    client = create_client(
        host=host,
        port=port,
        username=username,
        password=password,
        secure=is_secure,
        autogenerate_session_id=False,  # sessions would forbid concurrent use
        send_receive_timeout=_READ_SECONDS,
        pool_mgr=get_pool_manager(maxsize=8, num_pools=1),
    )
    client.set_client_setting("date_time_input_format", "best_effort")
    return client


class HttpSqlClient(ClickHouseSqlClient):
    """dlt's SQL client over ClickHouse's HTTP interface."""

    dbapi: ClassVar[Any] = dbapi
    config: "HttpConfiguration"

    @raise_open_connection_error
    def open_connection(self) -> Any:
        """Open a connection; dlt opens one per thread and step, all of them over one client."""
        self._conn = SharedConnection(
            _client(
                self.credentials.host,
                self.credentials.http_port,
                self.credentials.username,
                self.credentials.password or "",
                bool(self.credentials.secure),
            )
        )
        return self._conn

    def make_qualified_table_name_path(
        self,
        table_name: str | None,
        quote: bool = True,
        casefold: bool = True,
        dataset_name: str | None = None,
        catalog: str | None = None,
    ) -> list[str]:
        """Name a table: dlt's own live in their own database, the others in the dataset's."""
        is_own = table_name is None or table_name.startswith("_dlt")
        path = [DLT_DATABASE if is_own else (dataset_name or self.dataset_name)]
        if table_name:
            path.append(table_name)
        return [self.capabilities.escape_identifier(part) for part in path] if quote else path

    def has_dataset(self) -> bool:
        """Say whether dlt's database exists."""
        rows = self.execute_sql("SELECT 1 FROM system.databases WHERE name = %s", DLT_DATABASE)
        return bool(rows)

    def create_dataset(self) -> None:
        """Create dlt's database."""
        cluster = f" ON CLUSTER '{self.config.cluster}'" if self.config.cluster else ""
        self.execute_sql(f"CREATE DATABASE IF NOT EXISTS {DLT_DATABASE}{cluster}")

    def insert_parquet(self, table_name: str, path: Path) -> None:
        """Stream a Parquet file into a table; returns when ClickHouse has acknowledged it."""
        with path.open("rb") as body:
            self._conn.client.raw_insert(
                self.make_qualified_table_name(table_name),
                insert_block=body,
                fmt="Parquet",
                settings=_INSERT_SETTINGS,
            )

    @contextmanager
    @raise_database_error
    def execute_query(
        self, query: AnyStr, *args: Any, **kwargs: Any
    ) -> Iterator[ClickHouseDBApiCursorImpl]:
        """Run one statement; `%s` placeholders are bound by clickhouse-connect."""
        cursor = self._conn.cursor()
        try:
            cursor.execute(query, list(args) if args else (kwargs or None))
            yield ClickHouseDBApiCursorImpl(cursor)
        finally:
            cursor.close()

    def _get_information_schema_components(self, *tables: str) -> tuple[str, str, list[str]]:
        return "", DLT_DATABASE, list(tables)  # no catalog: the database is the schema

    @classmethod
    def _make_database_exception(cls, ex: Exception) -> Exception:
        if not isinstance(ex, ClickHouseError):
            return ex
        found = re.search(r"\b[Cc]ode:? (\d+)", str(ex))
        code = int(found.group(1)) if found else 0
        if code in _UNKNOWN:
            return DatabaseUndefinedRelation(ex)
        if code in _HOPELESS:
            return DatabaseTerminalException(ex)
        return DatabaseTransientException(ex)

    @staticmethod
    def is_dbapi_exception(ex: Exception) -> bool:
        """Say whether the driver raised it."""
        return isinstance(ex, ClickHouseError)


class ParquetInsert(RunnableLoadJob):
    """One Parquet file, streamed into its table."""

    def run(self) -> None:
        """Send the file."""
        client = self._job_client
        assert isinstance(client, HttpClient)
        sql_client = client.sql_client
        assert isinstance(sql_client, HttpSqlClient)
        sql_client.insert_parquet(self.load_table_name, Path(self._file_path))


class HttpClient(ClickHouseClient):
    """dlt's job client, for tables that exist already."""

    config: "HttpConfiguration"

    def __init__(
        self, schema: Any, config: Any, capabilities: DestinationCapabilitiesContext
    ) -> None:
        super().__init__(schema, config, capabilities)
        self.sql_client = HttpSqlClient(
            self.sql_client.dataset_name,
            self.sql_client.staging_dataset_name,
            list(schema.tables.keys()),
            config.credentials,
            capabilities,
            config,
        )

    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        """Return the job that loads one file."""
        return ParquetInsert(file_path)

    def get_storage_tables(
        self, table_names: Iterable[str]
    ) -> Iterator[tuple[str, TTableSchemaColumns]]:
        """Report raw tables as they are declared, so that dlt alters none of them."""
        names = list(table_names)
        for name in names:
            if not name.startswith("_dlt"):
                yield name, self.schema.get_table_columns(name)
        yield from super().get_storage_tables([name for name in names if name.startswith("_dlt")])

    def _get_table_update_sql(
        self, table_name: str, new_columns: Sequence[TColumnSchema], generate_alter: bool
    ) -> list[str]:
        statements = super()._get_table_update_sql(table_name, new_columns, generate_alter)
        if not self.config.cluster:
            return statements
        name = self.sql_client.make_qualified_table_name(table_name)
        on_cluster = f"{name} ON CLUSTER '{self.config.cluster}'"
        return [statement.replace(name, on_cluster, 1) for statement in statements]


@configspec
class HttpConfiguration(ClickHouseClientConfiguration):
    """dlt's configuration, and the cluster on which tables are replicated."""

    cluster: str = ""


class HttpClickHouse(clickhouse):
    """The destination; build it with `warehouse_destination`."""

    spec = HttpConfiguration

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.preferred_loader_file_format = "parquet"
        capabilities.supported_loader_file_formats = ["parquet"]
        capabilities.parquet_format = ParquetFormatConfiguration(compression="zstd")
        capabilities.supports_multiple_statements = False
        capabilities.supported_merge_strategies = []
        capabilities.supported_replace_strategies = []
        return capabilities

    def capabilities(
        self, config: Any = None, naming: NamingConvention | None = None
    ) -> DestinationCapabilitiesContext:
        """Spare dlt a search of all places that could configure what `warehouse_destination` set.

        It asks some twenty times per load, and each search took longer than a small load's rows.
        """
        if config is None:
            config = self.spec()
            config.update(self.config_params)
        return super().capabilities(config, naming)

    @property
    def client_class(self) -> type[HttpClient]:
        """The job client's class."""
        return HttpClient


def warehouse_destination(settings: Settings) -> HttpClickHouse:
    """Return the destination of `settings.clickhouse_url`.

    Raises:
        ConfigurationError: No URL is set.
    """
    url = urlsplit(settings.required("clickhouse_url"))
    is_secure = url.scheme == "https"
    credentials = ClickHouseCredentials()
    credentials.host = url.hostname or "localhost"
    credentials.http_port = url.port or (8443 if is_secure else 8123)
    credentials.username = unquote(url.username or "default")
    credentials.password = unquote(url.password or "")
    credentials.secure = 1 if is_secure else 0
    credentials.database = DATABASE
    return HttpClickHouse(
        credentials=credentials,
        cluster=settings.clickhouse_cluster,
        table_engine_type="replicated_merge_tree" if settings.clickhouse_cluster else "merge_tree",
    )
