"""How does a command print its result? One JSON object, or tables and sentences on stdout."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table


def print_json(value: Any) -> None:
    """Print one JSON object on one line; times in ISO 8601, Z for UTC."""
    print(json.dumps(value, default=_as_text, ensure_ascii=False))  # noqa: T201


def print_line(text: str) -> None:
    """Print a sentence."""
    Console().print(text, markup=False, highlight=False, soft_wrap=True)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows under headings; numbers to the right."""
    listed = [list(row) for row in rows]
    table = Table(box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        numeric = any(isinstance(row[number], int) for row in listed)
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        table.add_row(*(_cell(value) for value in row))
    Console().print(table, markup=False)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)
