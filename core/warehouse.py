"""How is ClickHouse reached? One pooled client over HTTP, and one function that runs tenant SQL.

`Warehouse.tenant_rows` is the only way to read tenant data on behalf of a user: it takes a
`TenantId` and a `TenantQuery`, and has the server itself filter every table of the query by
workspace (`additional_table_filters`), whatever the SQL says; `tenant_stream` and `tenant_lines` do
the same for bytes, and `core.warehouse_questions` for who asks on an event loop. Works alike on the
embedded engine, a server and ClickHouse Cloud.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import clickhouse_connect
import msgspec
import urllib3
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError
from clickhouse_connect.driver.external import ExternalData
from clickhouse_connect.driver.httputil import get_pool_manager

from core.errors import EngineUnavailableError, OppulenceError
from core.settings import Settings
from core.tenancy import TenantId
from core.tenant_sql import tables_of

if TYPE_CHECKING:  # 40 MB, in processes that never see an Arrow table
    import pyarrow as pa
    from urllib3 import BaseHTTPResponse

CONNECT_SECONDS = 10
READ_SECONDS = 300
STREAM_BYTES = 65_536
LONGEST_REASON = 600
# A server writes an error of 16 kB at most behind what it has sent.
EXCEPTION_BYTES = 20_000
# Of a few rows in a table's own order: the first piece of every part is read whatever is needed.
IN_SMALL_PIECES = {"max_threads": 1, "max_block_size": 256}
# Of an answer of a few rows: no threads to start, whole before it is sent, read in small pieces.
SMALL_ANSWER = IN_SMALL_PIECES | {
    "wait_end_of_query": 1, "output_format_json_quote_64bit_integers": 0,
}  # fmt: skip
# Of a file of text: moments as the API writes them, and nothing where there is none.
_AS_TEXT = {"date_time_output_format": "iso", "format_csv_null_representation": ""}
_EXCEPTION_TAG = "X-ClickHouse-Exception-Tag"
TIMEOUT_EXCEEDED = 159


class WarehouseQueryError(OppulenceError):
    """ClickHouse refused a statement of ours; `detail` is the server's own text."""

    code = "warehouse_query_failed"
    title = "A query of the warehouse failed"


class QueryTimeoutError(OppulenceError):
    """The query took longer than its caller may wait; ClickHouse has ended it."""

    code = "query_timeout"
    title = "The query took too long"
    status = 503


@dataclass(frozen=True, slots=True)
class Brought:
    """Rows that a query brings along and reads like a table.

    For values that are many: a parameter is a literal in every place that the statement has for
    it, and thousands of them take ClickHouse seconds to plan.

    Attributes:
        columns: Each `name type`.
        rows: Values that JSON can hold, in that order.
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]] = field(repr=False)

    def lines(self) -> bytes:
        """Return the rows as ClickHouse's JSONCompactEachRow."""
        return b"".join(msgspec.json.encode(row) + b"\n" for row in self.rows)


@dataclass(frozen=True, slots=True)
class TenantQuery:
    """SQL over tenant tables, named in full (`unified.transactions`) after FROM and JOIN.

    Values arrive as server-side parameters (`{limit:UInt32}`). Common table expressions may be
    read by bare name, and so may what the request itself brings along (`brings`, a value of type
    `Brought` among its parameters); table functions and unqualified tables may not, since no filter
    would hold them.

    Raises:
        UnreadableTenantSqlError: Where the query is declared, so at import, never later.
    """

    sql: str
    brings: tuple[str, ...] = ()
    tables: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", tables_of(self.sql, self.brings))

    def filters(self, *tenants: TenantId) -> str:
        """Return the `additional_table_filters` setting that binds each table to the tenants."""
        names = [f"\\'{tenant}\\'" for tenant in tenants]
        bound = f"= {names[0]}" if len(names) == 1 else f"in ({', '.join(names)})"
        return "{" + ", ".join(f"'{t}': 'workspace_id {bound}'" for t in self.tables) + "}"


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A pooled, thread-safe client of ClickHouse."""

    client: Client

    @classmethod
    def connect(cls, settings: Settings, *, pool_size: int = 16) -> "Warehouse":
        """Open the client of `settings.clickhouse_url`.

        Raises:
            ConfigurationError: No URL is set.
            EngineUnavailableError: Nothing answers there.
        """
        url = settings.required("clickhouse_url")
        with _engine_errors():
            client = clickhouse_connect.get_client(
                dsn=url.replace("http://", "clickhouse+http://", 1).replace(
                    "https://", "clickhouse+https://", 1
                ),
                pool_mgr=get_pool_manager(maxsize=pool_size, num_pools=4),
                autogenerate_session_id=False,  # sessions would forbid concurrent use
                connect_timeout=CONNECT_SECONDS,
                send_receive_timeout=READ_SECONDS,
                client_name="oppulence",
                tz_mode="aware",  # a naive moment would be read in the machine's own zone
            )
        return cls(client)

    def tenant_rows(
        self,
        tenant: TenantId,
        query: TenantQuery,
        parameters: Mapping[str, Any] | None = None,
        *,
        seconds: float | None = None,
        is_page: bool = False,
    ) -> list[dict[str, Any]]:
        """Run `query` as `tenant` and return its rows by column name.

        Args:
            tenant: Whose rows.
            query: The question.
            parameters: Its values, and the rows that it brings.
            seconds: How long ClickHouse may take; None for as long as it does.
            is_page: Whether it stops after a few rows of a table's own order.

        Raises:
            QueryTimeoutError: It took longer.
        """
        return self.rows_of([tenant], query, parameters, seconds=seconds, is_page=is_page)

    def rows_of(
        self,
        tenants: Sequence[TenantId],
        query: TenantQuery,
        parameters: Mapping[str, Any] | None = None,
        *,
        seconds: float | None = None,
        is_page: bool = False,
    ) -> list[dict[str, Any]]:
        """Run a query as several tenants, as `tenant_rows` does as one.

        It tells each row's `workspace_id`: a row is for the requests of its own tenant alone.

        Raises:
            QueryTimeoutError: It took longer.
        """
        given = dict(parameters or {})
        brought = _external({name: given.pop(name) for name in query.brings})
        with _engine_errors():
            result = self.client.query(
                query.sql,
                parameters=given,
                settings=bound_settings(query, *tenants, seconds=seconds)
                | (IN_SMALL_PIECES if is_page else {}),
                external_data=brought,
            )
        return [dict(row) for row in result.named_results()]

    def tenant_lines(
        self,
        tenant: TenantId,
        query: TenantQuery,
        parameters: Mapping[str, Any],
        *,
        seconds: float | None = None,
    ) -> bytes:
        """Run `query` as `tenant`; return its rows as lines, each a JSON array.

        For answers that are asked for often: an eighth of what it costs to make Python rows.

        Raises:
            QueryTimeoutError: It took longer.
        """
        with _engine_errors():
            found = self.client.raw_query(
                query.sql,
                parameters=dict(parameters),
                settings=bound_settings(query, tenant, seconds=seconds) | SMALL_ANSWER,
                fmt="JSONCompactEachRow",
            )
        return bytes(found)

    def tenant_stream(
        self,
        tenant: TenantId,
        query: TenantQuery,
        parameters: Mapping[str, Any],
        *,
        output_format: str,
        seconds: float,
    ) -> Iterator[bytes]:
        """Run `query` as `tenant` and yield its rows as ClickHouse writes them in a format.

        Memory stays constant, here and (for rows in the table's own order) in ClickHouse. The query
        has begun, and any refusal was raised, when the first bytes are there.

        Raises:
            WarehouseQueryError: It failed, perhaps in the middle: what came is not all.
            EngineUnavailableError: The connection broke.
        """
        with _engine_errors():
            answer = self.client.raw_stream(
                query.sql,
                parameters=dict(parameters),
                settings=bound_settings(query, tenant, seconds=seconds) | _AS_TEXT,
                fmt=output_format,
            )
        stream = cast("BaseHTTPResponse", answer)  # the asynchronous client returns another type
        try:
            yield from _whole(stream)
        except urllib3.exceptions.HTTPError as error:
            raise EngineUnavailableError(
                f"ClickHouse broke off: {type(error).__name__}", next_step="Ask again."
            ) from error
        finally:
            stream.close()

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run a platform query (across workspaces); never for a user's request."""
        with _engine_errors():
            result = self.client.query(sql, parameters=dict(parameters or {}))
        return [dict(row) for row in result.named_results()]

    def arrow(self, sql: str, parameters: Mapping[str, Any] | None = None) -> "pa.Table":
        """Run a platform query (across workspaces) and return its rows as Arrow columns."""
        with _engine_errors():
            return self.client.query_arrow(sql, parameters=dict(parameters or {}), use_strings=True)

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement that returns no rows."""
        with _engine_errors():
            self.client.command(sql, parameters=dict(parameters or {}))

    def insert_arrow(self, table: str, rows: "pa.Table") -> None:
        """Append Arrow rows to `database.table`; acknowledged means durable."""
        database, name = table.split(".", 1)
        with _engine_errors():
            self.client.insert_arrow(name, rows, database=database)

    def insert_rows(
        self, table: str, rows: Sequence[Sequence[Any]], columns: Sequence[str]
    ) -> None:
        """Append Python rows to `database.table`."""
        database, name = table.split(".", 1)
        with _engine_errors():
            self.client.insert(name, rows, column_names=list(columns), database=database)

    def close(self) -> None:
        """Close the pool's connections."""
        self.client.close()


def bound_settings(query: TenantQuery, *tenants: TenantId, seconds: float | None) -> dict[str, Any]:
    """Return what binds a query to the tenants, and ends it in time."""
    bound: dict[str, Any] = {"additional_table_filters": query.filters(*tenants)}
    return bound if seconds is None else bound | {"max_execution_time": seconds}


def _external(brought: Mapping[str, Brought]) -> ExternalData | None:
    if not brought:
        return None
    found = ExternalData()
    for name, one in brought.items():
        found.add_file(
            file_name=name, data=one.lines(), fmt="JSONCompactEachRow", structure=list(one.columns)
        )
    return found


def _whole(stream: "BaseHTTPResponse") -> Iterator[bytes]:
    """Yield a body, unless it ends with an error: once it has begun, there is no other place."""
    tag = stream.headers.get(_EXCEPTION_TAG, "")
    mark = f"__exception__\r\n{tag}".encode()
    held = b""
    while part := stream.read(STREAM_BYTES):
        held += part
        if len(held) > EXCEPTION_BYTES:
            yield held[:-EXCEPTION_BYTES]
            held = held[-EXCEPTION_BYTES:]
    if tag and mark in held:
        text = held.partition(mark)[2].decode(errors="replace")
        raise WarehouseQueryError(text.strip()[:1000])
    yield held


def reason_of(error: BaseException) -> str:
    """Return what went wrong in a line: the network's own word, or the first that the server said.

    Drivers quote every layer that a failure passed, the whole address with its settings included.
    """
    cause = error
    while (before := cause.__cause__ or cause.__context__) is not None:
        cause = before
    words = cause.strerror if isinstance(cause, OSError) else ""
    return words or (str(error).splitlines() or [type(error).__name__])[0][:LONGEST_REASON]


@contextmanager
def _engine_errors() -> Iterator[None]:
    """Translate the driver's errors: nobody answered, or the server refused."""
    try:
        yield
    except OperationalError as error:
        raise EngineUnavailableError(
            f"ClickHouse did not answer: {reason_of(error)}",
            next_step="Run `oppulence doctor`.",
        ) from error
    except ClickHouseError as error:
        if getattr(error, "code", None) == TIMEOUT_EXCEEDED:
            raise QueryTimeoutError(
                "The query was ended because it took too long.",
                next_step="Ask for less: a shorter time, one account, one currency.",
            ) from error
        raise WarehouseQueryError(str(error)) from error
