"""What does a statement ask for: rows to read, data to insert, or something else?

The gateway has to know three things before the engine runs a statement: where inline data of an
INSERT begins, where a reading statement names its output format, and which statements only read.
A scan over the tokens answers them; nothing here interprets names, types or expressions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import pairwise

from local.clickhouse.failures import failure

# One token: space, comment, heredoc, quoted text, word, number or a single mark. The pieces are
# possessive in effect (each alternative consumes all it can), so the scan is linear.
_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|\#[ !][^\n]*|/\*.*?\*/)
      |(?P<quoted>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`
        |\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      |(?P<word>[^\W\d]\w*)
      |(?P<number>\d[\w.]*)
      |(?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)


# Behind one of these the word FORMAT is the name of a column or a table.
_BEFORE_A_NAME = {
    *",.=<>+-/%([|", "AND", "AS", "BY", "DISTINCT", "FROM", "HAVING", "IN", "JOIN", "LIKE", "NOT",
    "ON", "OR", "SELECT", "WHERE",
}  # fmt: skip


_REMEMBERED_LENGTH = 8_192


class Kind(Enum):
    """How the gateway has to run a statement."""

    READ = "read"  # rows stream out
    INSERT_DATA = "insert data"  # rows stream in
    INSERT_QUERY = "insert query"  # the engine reads and writes by itself
    OTHER = "other"


@dataclass(frozen=True)
class Token:
    """One token that is neither space nor comment."""

    text: str
    start: int
    end: int
    is_word: bool
    depth: int

    @property
    def keyword(self) -> str:
        """Return the word in upper case, or nothing for what is no word."""
        return self.text.upper() if self.is_word else ""


@dataclass(frozen=True)
class Statement:
    """A statement and what was found in it."""

    kind: Kind
    text: str
    verb: str
    format: str | None = None
    format_start: int | None = None
    data_start: int | None = None
    settings_start: int | None = None

    def into_outfile(self, path: str, default_format: str) -> str:
        """Return the reading statement, its rows sent to a file of the gateway."""
        outfile = f" INTO OUTFILE '{path}' APPEND "
        if self.format_start is None:
            return f"{self.text}\n{outfile}FORMAT {default_format}"
        return f"{self.text[: self.format_start]}\n{outfile}{self.text[self.format_start :]}"

    def from_infile(self, path: str) -> str:
        """Return the INSERT, its rows taken from a file of the gateway."""
        cut = len(self.text) if self.settings_start is None else self.settings_start
        return f"{self.text[:cut]} FROM INFILE '{path}' {self.text[cut:]} FORMAT {self.format}"


def tokens_of(text: str) -> Iterator[Token]:
    """Split a text into tokens, with the depth of brackets that each stands in."""
    depth = 0
    for found in _TOKEN.finditer(text):
        group = found.lastgroup
        if group == "space":
            continue
        piece = found.group()
        if piece in {")", "]", "}"}:
            depth -= 1
        yield Token(piece, found.start(), found.end(), group == "word", depth)
        if piece in {"(", "[", "{"}:
            depth += 1


def parse_statement(text: str) -> Statement:
    """Find out what a statement asks for.

    An INSERT is read up to its data and no further: the text may go on for megabytes. Short texts
    are remembered: clients send the same ones again, with other parameters.
    """
    return _parsed_before(text) if len(text) <= _REMEMBERED_LENGTH else _parse(text)


@lru_cache(maxsize=500)
def _parsed_before(text: str) -> Statement:
    return _parse(text)


def _parse(text: str) -> Statement:
    opening = next((token for token in tokens_of(text) if token.text != "("), None)
    if opening is None:
        raise failure(
            62, "SYNTAX_ERROR", "Syntax error: failed at position 1 (end of query): . Empty query"
        )
    verb = opening.keyword
    if verb == "INSERT":
        return _parse_insert(text, tokens_of(text))
    outer = [token for token in tokens_of(text) if token.depth == 0]
    if verb == "WITH" and any(token.keyword == "INSERT" for token in outer):
        return Statement(Kind.INSERT_QUERY, text, "INSERT")
    text, outer = _without_final_semicolon(text, outer)
    _refuse_second_statement(text, outer)
    named = _named_format(outer)
    if any(one.keyword == "INTO" and two.keyword == "OUTFILE" for one, two in pairwise(outer)):
        raise failure(358, "INTO_OUTFILE_NOT_ALLOWED", "INTO OUTFILE is not allowed")
    return Statement(
        Kind.READ if verb in {"SELECT", "WITH", "FROM", "VALUES"} else Kind.OTHER,
        text,
        verb,
        format=outer[named + 1].text if named is not None else None,
        format_start=outer[named].start if named is not None else None,
    )


def _refuse_second_statement(text: str, outer: list[Token]) -> None:
    for index, token in enumerate(outer):
        if token.text == ";" and index + 1 < len(outer):
            line, column = (
                text.count("\n", 0, token.start) + 1,
                token.start - text.rfind("\n", 0, token.start),
            )
            raise failure(
                62,
                "SYNTAX_ERROR",
                "Syntax error (Multi-statements are not allowed): failed at position "
                f"{token.start + 1} (end of query)"
                f" (line {line}, col {column}): {text[token.start : token.start + 160]}. ",
            )


def _without_final_semicolon(text: str, outer: list[Token]) -> tuple[str, list[Token]]:
    while outer and outer[-1].text == ";":
        text, outer = text[: outer[-1].start], outer[:-1]
    return text, outer


def _named_format(outer: list[Token]) -> int | None:
    """Find ``FORMAT name`` at the end of a statement, a SETTINGS clause allowed behind it."""
    for index in range(len(outer) - 2, -1, -1):
        if outer[index].keyword == "FORMAT" and outer[index + 1].is_word:
            if index and (
                outer[index - 1].text in _BEFORE_A_NAME
                or outer[index - 1].keyword in _BEFORE_A_NAME
            ):
                continue
            at_end = index + 2 == len(outer)
            if at_end or outer[index + 2].keyword == "SETTINGS":
                return index
    return None


def _parse_insert(text: str, tokens: Iterator[Token]) -> Statement:
    """Walk an INSERT up to the word that says where its rows come from."""
    before = ""
    in_name = True
    settings_start: int | None = None
    format_start: int | None = None
    for token in tokens:
        keyword = token.keyword
        if format_start is not None:
            head, data_start = text[:format_start], _data_start(text, token.end)
            return _insert_of_data(head, token.text, data_start, settings_start)
        if in_name:
            # The word behind INTO or TABLE is a name even where it is spelled like a keyword.
            in_name = keyword in {"INSERT", "INTO", "TABLE", "FUNCTION"}
        elif before != "." and keyword in {"SELECT", "WITH"}:
            _refuse_input_function(tokens)
            return Statement(Kind.INSERT_QUERY, text, "INSERT")
        elif before != "." and token.depth == 0:
            if keyword == "VALUES":
                return _insert_of_data(text[: token.start], "Values", token.end, settings_start)
            if keyword == "INFILE":
                raise failure(
                    78,
                    "UNKNOWN_TYPE_OF_QUERY",
                    "Query has infile and was send directly to server",
                )
            if keyword == "SETTINGS":
                settings_start = token.start
            if keyword == "FORMAT":
                format_start = token.start
        before = token.text
    return Statement(Kind.INSERT_QUERY, text, "INSERT")


def _refuse_input_function(rest: Iterator[Token]) -> None:
    """Refuse `SELECT … FROM input(…)`: its data would run as part of the text, and be cut."""
    before = ""
    for token in rest:
        if before == "INPUT" and token.text == "(":
            raise failure(
                48, "NOT_IMPLEMENTED", "The table function input is not available over this gateway"
            )
        before = token.keyword


def _insert_of_data(
    head: str, data_format: str, data_start: int, settings_start: int | None
) -> Statement:
    return Statement(
        Kind.INSERT_DATA,
        head,
        "INSERT",
        format=data_format,
        data_start=data_start,
        settings_start=settings_start,
    )


def _data_start(text: str, after_format: int) -> int:
    """Skip what a server skips behind the name of a format: blanks, then one line end."""
    position = after_format
    if text[position : position + 1] == ";":
        raise failure(62, "SYNTAX_ERROR", "You have excessive ';' symbol before data for INSERT.")
    while text[position : position + 1] in {" ", "\t", "\f"}:
        position += 1
    if text[position : position + 1] == "\r":
        position += 1
    if text[position : position + 1] == "\n":
        position += 1
    return position
