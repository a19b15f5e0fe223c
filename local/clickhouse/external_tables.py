"""How does data that travels with a query become a table of that query?

A multipart request may carry files beside its query; each is a temporary table under its field's
name, for this one query (`name_format`, `name_structure` or `name_types` describe it).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from local.clickhouse.engine import Connection, quoted_name
from local.clickhouse.failures import failure
from local.clickhouse.statements import tokens_of


@dataclass(frozen=True)
class ExternalTable:
    """A file of a request and how to read it."""

    name: str
    path: str
    format: str
    structure: str


def describe_table(name: str, path: str, words: dict[str, str]) -> ExternalTable:
    """Put together a table from the words of a request that belong to its name."""
    structure = words.get(f"{name}_structure") or _numbered_columns(words.get(f"{name}_types", ""))
    if not structure:
        raise failure(
            36,
            "BAD_ARGUMENTS",
            f"Neither structure nor types have not been provided for external table {name}. "
            f"Use fields {name}_structure or {name}_types to do so.",
        )
    return ExternalTable(name, path, words.get(f"{name}_format", "TabSeparated"), structure)


def _numbered_columns(types: str) -> str:
    """Name the columns `_1`, `_2`, … where only types are given."""
    cuts = [token.start for token in tokens_of(types) if token.depth == 0 and token.text == ","]
    bounds = [-1, *cuts, len(types)]
    named = [types[bounds[i] + 1 : bounds[i + 1]].strip() for i in range(len(bounds) - 1)]
    return ", ".join(f"_{number} {one}" for number, one in enumerate(named, 1) if one)


@contextmanager
def external_tables(connection: Connection, tables: list[ExternalTable]) -> Iterator[None]:
    """Keep the tables on the connection for as long as the block runs."""
    made = []
    try:
        for table in tables:
            name = quoted_name(table.name)
            connection.run(f"CREATE TEMPORARY TABLE {name} ({table.structure})")
            made.append(name)
            connection.run(f"INSERT INTO {name} FROM INFILE '{table.path}' FORMAT {table.format}")
        yield
    finally:
        for name in made:
            connection.run(f"DROP TEMPORARY TABLE {name}")
