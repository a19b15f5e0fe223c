"""How does one query run, from its text to the end of its answer?

Reading statements stream out through a pipe, unless the client wants to wait for their end;
everything else runs whole, an INSERT once all of its data is here. All of it happens on one
connection: the session's, or one that is lent for the query.
"""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from local.clickhouse.bodies import RequestBody
from local.clickhouse.connections import Connections
from local.clickhouse.engine import Connection, Engine, Outcome, Progress
from local.clickhouse.external_tables import ExternalTable, external_tables
from local.clickhouse.failures import QueryFailed, failure
from local.clickhouse.parts_memory import PartsMemory, question_about_parts
from local.clickhouse.replies import Reply
from local.clickhouse.requests import QueryRequest
from local.clickhouse.running import ClientGone, ClientWatch, RunningQueries, Task
from local.clickhouse.sessions import Session, Sessions
from local.clickhouse.spool import SpoolFolder
from local.clickhouse.statements import Kind, Statement
from local.clickhouse.texts import read_text, to_bytes

_READING_VERBS = {"SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK"}


@dataclass(frozen=True)
class Call:
    """One request being answered."""

    request: QueryRequest
    query_id: str
    reply: Reply
    watch: ClientWatch


class Queries:
    """Runs the queries of the gateway."""

    def __init__(
        self, engine: Engine, sessions: Sessions, running: RunningQueries, spool: SpoolFolder
    ) -> None:
        """Take what queries run on, are known by, and wait in."""
        self._connections = Connections(engine)
        self._sessions = sessions
        self._running = running
        self._spool = spool
        self._parts = PartsMemory()

    def run(self, call: Call, body: RequestBody, tables: list[ExternalTable]) -> None:
        """Run a request's query and send its answer."""
        request = call.request
        text = read_text(request.query, body)
        statement = text.statement
        if request.method in {"GET", "HEAD"}:
            _require_reading(statement)
        inserts_data = statement.kind is Kind.INSERT_DATA
        about_parts = None if tables else question_about_parts(request, statement)
        call.reply.shape(
            "TabSeparated" if inserts_data else statement.format or request.default_format,
            request.accept_encoding,
            request.buffer_size,
            request.wait_end_of_query,
        )
        if about_parts is not None:
            self._tell_parts(call, statement, about_parts)
            return
        with self._spool.hold(text.data) if inserts_data else nullcontext() as spooled:
            sql = statement.text if spooled is None else statement.from_infile(spooled)
            with (
                self._lease(request, statement, tables) as connection,
                external_tables(connection, tables),
            ):
                if statement.kind is Kind.READ and not request.wait_end_of_query:
                    progress = self._stream_out(call, statement, connection)
                else:
                    outcome = self._run_whole(call, statement, sql, connection)
                    call.reply.write(outcome.body)
                    progress = outcome.progress
        # Only now: a client that has its answer may use its session again.
        call.reply.finish(progress)

    def _tell_parts(self, call: Call, statement: Statement, question: Hashable) -> None:
        def ask() -> Outcome:
            with self._lease(call.request, statement, []) as connection:
                return self._run_whole(call, statement, statement.text, connection)

        outcome = self._parts.answer(question, ask)
        call.reply.write(outcome.body)
        call.reply.finish(outcome.progress)

    @contextmanager
    def _lease(
        self, request: QueryRequest, statement: Statement, tables: list[ExternalTable]
    ) -> Iterator[Connection]:
        """Take a connection and make it ready for this request."""
        if request.session_id:
            with self._session(request, statement) as session:
                yield session.connection
            return
        reads = statement.kind is Kind.READ and not tables
        with self._connections.lend(request.database, request.settings, reads=reads) as connection:
            yield connection

    @contextmanager
    def _session(self, request: QueryRequest, statement: Statement) -> Iterator[Session]:
        user, name = request.user, request.session_id
        session = self._sessions.enter(user, name, request.session_timeout, request.session_check)
        try:
            # What SET chooses outlives the request, so the request's own settings stay out of it.
            settings = {} if statement.verb == "SET" else request.settings
            session.prepare(request.database, settings)
            yield session
            if statement.verb == "USE":
                session.take_over_database()
        except (QueryFailed, ClientGone, OSError):
            # chDB keeps rows of a failed query for the connection's next one; take them away.
            session.connection.run("SELECT 1 FORMAT Null")
            raise
        finally:
            self._sessions.leave(user, name, request.close_session)

    def _stream_out(self, call: Call, statement: Statement, connection: Connection) -> Progress:
        pipe = self._running.open_pipe()
        try:
            sql = to_bytes(statement.into_outfile(pipe.path, call.request.default_format))
            task = Task(
                lambda: connection.run(sql, parameters=call.request.parameters), at_end=pipe.end
            )
            with self._running.known(call.query_id, task):
                try:
                    for piece in pipe.pieces(call.watch):
                        call.reply.write(piece)
                except BaseException:
                    pipe.close()
                    self._running.stop(task)
                    raise
                outcome = task.result()
        finally:
            pipe.close()
        return outcome.progress

    def _run_whole(
        self, call: Call, statement: Statement, sql: str, connection: Connection
    ) -> Outcome:
        names: dict[str, str] = {}
        if statement.verb == "KILL":
            sql, names = self._running.with_engine_names(sql)
        request = call.request
        task: Task[Outcome] = Task(
            lambda: connection.run(to_bytes(sql), request.default_format, request.parameters)
        )
        reads = statement.kind is Kind.READ or statement.verb in _READING_VERBS
        is_insert = statement.kind is not Kind.INSERT_DATA and statement.verb == "INSERT"
        # A change of schema, once begun, is carried through even when its client leaves, as on a
        # server.
        with (
            nullcontext() if reads else self._parts.changing(),
            self._running.known(call.query_id, task, reads),
        ):
            if not task.wait(call.watch if reads or is_insert else None):
                self._running.stop(task)
                raise ClientGone
            outcome = task.result()
        answer = outcome.body
        for engine_name, query_id in names.items():
            answer = answer.replace(engine_name.encode(), query_id.encode())
        return Outcome(answer, outcome.progress)


def _require_reading(statement: Statement) -> None:
    allowed = statement.kind is Kind.READ or statement.verb in {*_READING_VERBS, "SET", "USE"}
    if not allowed:
        raise failure(
            164,
            "READONLY",
            "default: Cannot execute query in readonly mode. For queries over HTTP, method GET "
            "implies readonly. You should use method POST for modifying queries.",
        )
