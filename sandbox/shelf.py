"""Where does a provider's sandbox keep what outlives a restart? A shelf of JSON, in one file."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any


class Shelf:
    """JSON values by kind and name; every change is stored at once."""

    def __init__(self, folder: Path) -> None:
        """Open the shelf in a folder, or set one up."""
        self.connection = sqlite3.connect(
            folder / "shelf.sqlite", isolation_level=None, check_same_thread=False
        )
        self.connection.executescript(
            "pragma journal_mode = wal; pragma synchronous = off;"
            "create table if not exists things (kind text, name text, body text,"
            " primary key (kind, name)) without rowid"
        )

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """The value of a name, None where there is none."""
        row = self.connection.execute(
            "select body from things where kind = ? and name = ?", (kind, name)
        ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def put(self, kind: str, name: str, value: dict[str, Any]) -> None:
        """Keep a value under a name."""
        body = json.dumps(value, separators=(",", ":"))
        self.connection.execute(
            "insert or replace into things values (?, ?, ?)", (kind, name, body)
        )

    def drop(self, kind: str, name: str) -> None:
        """Forget a name."""
        self.connection.execute("delete from things where kind = ? and name = ?", (kind, name))

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every value of a kind, by name."""
        rows = self.connection.execute(
            "select body from things where kind = ? order by name", (kind,)
        )
        return [dict(json.loads(row[0])) for row in rows]
