"""Which tables does a tenant's SQL read? A reader strict enough that none is overlooked.

The workspace filter is applied per table by the server, so a table that this reader missed would
be read unfiltered. It therefore knows one plain way of naming a source (`database.table` after FROM
or JOIN) and refuses all others: unqualified or quoted names, comma joins, table functions,
`in table`, names given as parameters, and the functions that read dictionaries or Join tables by
name. `SETTINGS` is refused as well, since it could take the filter off.
"""

import re
from collections.abc import Collection, Iterator

_TOKEN = re.compile(
    r"(?P<space>\s+|--[^\n]*|/\*.*?\*/)"
    r"|(?P<text>'(?:[^'\\]|\\.|'')*')"
    r"|(?P<parameter>\{[a-z_0-9]+:[A-Za-z0-9_(), ]+\})"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)*)"
    r"|(?P<number>[0-9][0-9a-fA-FxX_.]*)"
    r"|(?P<sign>[^\s'\"`])",
    re.S,
)
_QUALIFIED = re.compile(r"[a-z_][a-z_0-9]*\.[a-z_][a-z_0-9]*", re.I)
_READS_BY_NAME = ("dict", "joinget", "hascolumnintable")
_AFTER_SOURCE = {
    "final", "sample", "prewhere", "where", "group", "order", "limit", "having", "union", "join",
    "inner", "left", "right", "full", "cross", "asof", "any", "all", "anti", "semi", "global", "on",
    "using", "window", "qualify", "except", "intersect", "array", "offset", "format",
}  # fmt: skip
_AFTER_SOURCES = {
    "prewhere", "where", "group", "order", "limit", "having", "union", "window", "qualify",
    "except", "intersect", "offset", "format",
}  # fmt: skip


class UnreadableTenantSqlError(ValueError):
    """The SQL names a source in a way that no workspace filter would hold."""


def tables_of(sql: str, brought: Collection[str] = ()) -> tuple[str, ...]:
    """Return the qualified tables that `sql` reads, in order of appearance.

    Args:
        sql: The statement.
        brought: Names of rows that come with the request, which belong to nobody else.

    Raises:
        UnreadableTenantSqlError: A source is named in another way than `database.table`.
    """
    tokens = list(_tokens(sql))
    expressions = {
        tokens[i].lower()
        for i in range(len(tokens) - 2)
        if tokens[i + 1].lower() == "as" and tokens[i + 2] == "("
    } | set(brought)
    found: dict[str, None] = {}
    aliases = set(expressions)
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        word = token.lower()
        if word in {"from", "join"} and not (word == "join" and _is_array_join(tokens, index)):
            _refuse_comma_join(tokens, index + 1)
            table = _source(tokens, index + 1, expressions)
            if table:
                found[table] = None
            aliases |= _alias(tokens, index + 1)
        elif word == "in" and following not in {"("} and not following.startswith("{"):
            raise UnreadableTenantSqlError(f"IN {following} would read a table without a filter")
        elif token.startswith("{") and "Identifier" in token:
            raise UnreadableTenantSqlError(f"{token} would name a table that no filter knows")
        elif word == "settings":
            raise UnreadableTenantSqlError("SETTINGS could take the workspace filter off")
        elif word.startswith(_READS_BY_NAME) and following == "(":
            raise UnreadableTenantSqlError(f"the function {token} reads a table by name")
    if not found:
        raise UnreadableTenantSqlError("a tenant query reads at least one table")
    for token in tokens:
        is_known = token in found or token.partition(".")[0].lower() in aliases
        if _QUALIFIED.fullmatch(token) and not is_known:
            raise UnreadableTenantSqlError(f"{token} may read a table: it is no alias's column")
    return tuple(found)


def _tokens(sql: str) -> Iterator[str]:
    position = 0
    while position < len(sql):
        match = _TOKEN.match(sql, position)
        if match is None:
            raise UnreadableTenantSqlError(
                f"a quoted name or open text at: {sql[position:][:20]!r}"
            )
        position = match.end()
        if match.lastgroup != "space":
            yield match.group()


def _is_array_join(tokens: list[str], index: int) -> bool:
    return index > 0 and tokens[index - 1].lower() == "array"


def _source(tokens: list[str], start: int, expressions: set[str]) -> str | None:
    """Read one source at `start`: its table, or None for a subquery or a named expression."""
    source = tokens[start] if start < len(tokens) else ""
    if source == "(":
        if tokens[start + 1].lower() in {"select", "with"}:
            return None
        raise _refusal(source)
    if tokens[start + 1 : start + 2] in (["("], ["."]):
        raise _refusal(source)
    if _QUALIFIED.fullmatch(source):
        return source
    if source.lower() in expressions:
        return None
    raise _refusal(source)


def _refuse_comma_join(tokens: list[str], start: int) -> None:
    """Refuse a comma between sources, wherever it stands before the next clause."""
    depth, is_array_join = 0, False
    for index in range(start, len(tokens)):
        word = tokens[index].lower()
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(word, 0)
        if depth < 0 or (depth == 0 and word in _AFTER_SOURCES):
            return
        if depth == 0 and word == "join":
            is_array_join = _is_array_join(tokens, index)
        if depth == 0 and word == "," and not is_array_join:
            raise _refusal(tokens[start])


def _alias(tokens: list[str], start: int) -> set[str]:
    """Return the name given to the source at `start`, a subquery's as well; empty for none."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[index], 0)
        if depth == 0:
            rest = [token.lower() for token in tokens[index + 1 : index + 3]]
            named = rest[1:] if rest[:1] == ["as"] else rest[:1]
            return {name for name in named if name.isidentifier() and name not in _AFTER_SOURCE}
    return set()


def _refusal(source: str) -> UnreadableTenantSqlError:
    return UnreadableTenantSqlError(
        f"{source!r} is no qualified table: function, comma join, or unqualified name"
    )
