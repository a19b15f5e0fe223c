"""Where does the text of a query end, and the data that it inserts begin?

The text is the URL's `query`, a line end, and the body. Only an INSERT with data may go on for
gigabytes, so the rest of a body is read here for every other statement and left alone for that one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from local.clickhouse.bodies import RequestBody
from local.clickhouse.statements import Kind, Statement, parse_statement

# A server parses at most this much of a text before it expects data (max_query_size).
_HEAD_BYTES = 262_144


def to_text(data: bytes) -> str:
    """Read SQL, keeping bytes that are no UTF-8: string literals may hold any."""
    return data.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """Undo `to_text`."""
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class QueryText:
    """A statement, and what follows it in the request."""

    statement: Statement
    data: Iterator[bytes]


def read_text(query: str, body: RequestBody) -> QueryText:
    """Read a request's text as far as its statement reaches."""
    pieces = body.pieces()
    text = f"{query}\n" if query else ""
    if query:
        statement = parse_statement(text)
        if statement.kind is Kind.INSERT_DATA:
            return _with_data(statement, text, pieces)
    head = bytearray()
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD_BYTES:
            break
    text += to_text(bytes(head))
    statement = parse_statement(text)
    if statement.kind is Kind.INSERT_DATA:
        return _with_data(statement, text, pieces)
    rest = b"".join(pieces)
    if rest:
        statement = parse_statement(text + to_text(rest))
    return QueryText(statement, iter(()))


def _with_data(statement: Statement, text: str, pieces: Iterator[bytes]) -> QueryText:
    first = to_bytes(text[statement.data_start :])

    def data() -> Iterator[bytes]:
        yield first
        yield from pieces

    return QueryText(statement, data())
