"""How does one query run, from its text to the end of its answer?

Reading statements stream out through a pipe, INSERT data streams in piece by piece, everything else runs whole. All
of it happens on one connection: the session's, or one that lives as long as the query.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from local.clickhouse.bodies import RequestBody
from local.clickhouse.engine import Connection, Engine, Outcome, Progress, quoted_name
from local.clickhouse.failures import QueryFailed, failure
from local.clickhouse.replies import Reply
from local.clickhouse.requests import QueryRequest
from local.clickhouse.running import ClientGone, ClientWatch, RunningQueries, Task
from local.clickhouse.sessions import Session, Sessions
from local.clickhouse.statements import Kind, Statement, parse_statement

# A server parses at most this much of a text before it expects INSERT data (max_query_size).
_HEAD_BYTES = 262_144
# chDB starts with the defaults of clickhouse-local; these are a server's.
_SERVER_DEFAULTS = {"implicit_select": "0"}


@dataclass
class Lease:
    """A connection for one query, and the session it belongs to, if any."""

    connection: Connection
    session: Session | None


def _to_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


class Queries:
    """Runs the queries of the gateway."""

    def __init__(self, engine: Engine, sessions: Sessions, running: RunningQueries) -> None:
        """Take what queries run on and are known by."""
        self._engine = engine
        self._sessions = sessions
        self._running = running

    def run(
        self,
        request: QueryRequest,
        query_id: str,
        body: RequestBody,
        reply: Reply,
        watch: ClientWatch,
    ) -> None:
        """Run a request's query and send its answer."""
        statement, data = self._read_statement(request, body)
        if request.method in {"GET", "HEAD"}:
            self._require_reading(statement)
        reply.shape(
            statement.format or request.default_format
            if statement.kind is not Kind.INSERT_DATA
            else "TabSeparated",
            request.accept_encoding,
            request.buffer_size,
            request.wait_end_of_query,
        )
        with self._lease(request, statement) as lease:
            if statement.kind is Kind.READ:
                self._stream_out(request, query_id, statement, lease.connection, reply, watch)
            elif statement.kind is Kind.INSERT_DATA:
                reply.finish(self._stream_in(request, statement, lease.connection, data))
            else:
                self._run_whole(request, query_id, statement, lease.connection, reply, watch)
            if lease.session is not None and statement.verb == "USE":
                lease.session.take_over_database()

    def _read_statement(
        self, request: QueryRequest, body: RequestBody
    ) -> tuple[Statement, Iterator[bytes]]:
        """Read as much of the text as is needed; return the statement and the data that follows."""
        body.prepare()
        pieces = body.pieces()
        text = f"{request.query}\n" if request.query else ""
        if request.query:
            statement = parse_statement(text)
            if statement.kind is Kind.INSERT_DATA:
                return statement, self._data(statement, text, pieces)
        head = bytearray()
        for piece in pieces:
            head += piece
            if len(head) >= _HEAD_BYTES:
                break
        text += _to_text(bytes(head))
        statement = parse_statement(text)
        if statement.kind is Kind.INSERT_DATA:
            return statement, self._data(statement, text, pieces)
        rest = b"".join(pieces)
        return (parse_statement(text + _to_text(rest)) if rest else statement), iter(())

    @staticmethod
    def _data(statement: Statement, text: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
        first = _to_bytes(text[statement.data_start :])
        if first:
            yield first
        yield from pieces

    def _require_reading(self, statement: Statement) -> None:
        allowed = statement.kind is Kind.READ or statement.verb in {
            "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK", "SET", "USE",
        }  # fmt: skip
        if not allowed:
            raise failure(
                164,
                "READONLY",
                "default: Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. "
                "You should use method POST for modifying queries.",
            )

    @contextmanager
    def _lease(self, request: QueryRequest, statement: Statement) -> Iterator[Lease]:
        """Take a connection and make it ready for this request."""
        if not request.session_id:
            connection = self._engine.connect()
            try:
                connection.change_settings(_SERVER_DEFAULTS | request.settings)
                if request.database:
                    connection.run(f"USE {quoted_name(request.database)}")
                yield Lease(connection, None)
            finally:
                connection.close()
            return
        session = self._sessions.enter(
            request.user, request.session_id, request.session_timeout, request.session_check
        )
        try:
            # What SET chooses must outlive the request, so the request's own settings stay out of its way.
            session.prepare(request.database, {} if statement.verb == "SET" else request.settings)
            yield Lease(session.connection, session)
        except QueryFailed:
            # chDB may keep rows of a failed query for the connection's next one; take them away.
            session.connection.run("SELECT 1 FORMAT Null")
            raise
        finally:
            self._sessions.leave(request.user, request.session_id, request.close_session)

    @contextmanager
    def _known(self, query_id: str, task: "Task[Outcome]") -> Iterator[None]:
        self._running.add(query_id, task)
        try:
            yield
        finally:
            self._running.remove(query_id)

    def _stream_out(
        self,
        request: QueryRequest,
        query_id: str,
        statement: Statement,
        connection: Connection,
        reply: Reply,
        watch: ClientWatch,
    ) -> None:
        pipe = self._running.open_pipe()
        try:
            sql = statement.into_outfile(pipe.path, request.default_format)
            task = Task(
                lambda: connection.run(_to_bytes(sql), parameters=request.parameters),
                at_end=pipe.end,
            )
            with self._known(query_id, task):
                try:
                    for piece in pipe.pieces(watch):
                        reply.write(piece)
                except (ClientGone, OSError):
                    self._running.stop(task)
                    raise
                reply.finish(task.result().progress)
        finally:
            pipe.close()

    def _stream_in(
        self,
        request: QueryRequest,
        statement: Statement,
        connection: Connection,
        data: Iterator[bytes],
    ) -> Progress:
        connection.change_settings(
            {f"param_{name}": value for name, value in request.parameters.items()}
        )
        insert = connection.open_insert(_to_bytes(statement.text), statement.format or "Values")
        try:
            for piece in data:
                insert.append(piece)
        except BaseException:
            insert.cancel()
            raise
        return insert.finish()

    def _run_whole(
        self,
        request: QueryRequest,
        query_id: str,
        statement: Statement,
        connection: Connection,
        reply: Reply,
        watch: ClientWatch,
    ) -> None:
        sql, names = statement.text, {}
        if statement.verb == "KILL":
            sql, names = self._running.with_engine_names(sql)
        task = Task(
            lambda: connection.run(_to_bytes(sql), request.default_format, request.parameters)
        )
        with self._known(query_id, task):
            # Reads and INSERT … SELECT end with their client; a change of schema, once begun, is carried through.
            stoppable = statement.kind is Kind.INSERT_QUERY or statement.verb in {
                "EXPLAIN",
                "CHECK",
                "SHOW",
            }
            if not task.wait(watch if stoppable else None):
                self._running.stop(task)
                raise ClientGone
            outcome = task.result()
        answer = outcome.body
        for engine_name, query_id in names.items():
            answer = answer.replace(engine_name.encode(), query_id.encode())
        reply.write(answer)
        reply.finish(outcome.progress)
