"""Where do Stripe's objects lie?

One SQLite file, each object as its JSON text, pages cut by index.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sandbox.stripe.render_catalog import Row

_TABLES = """
create table if not exists objects (
    seq integer primary key, kind text not null, id text not null, created integer not null,
    customer text, parent text, status text, body text not null
);
create table if not exists meta (name text primary key, value text not null) without rowid;
create table if not exists facts (seq integer primary key, at integer, fact text, fields text);
create table if not exists idempotency (key text primary key, fingerprint text, status integer,
body text, at integer) without rowid;
"""
_INDEXES = """
create unique index if not exists objects_id on objects (id);
create index if not exists objects_list on objects (kind, created, seq);
create index if not exists objects_customer on objects (kind, customer, created,
seq) where customer is not null;
create index if not exists objects_parent on objects (kind, parent, created,
seq) where parent is not null;
"""
_INSERT = """
    insert into objects (kind, id, created, customer, parent, status, body)
    values (?, ?, ?, ?, ?, ?, ?)
"""


class Store:
    """The objects of one account."""

    def __init__(self, path: Path) -> None:
        """Open (or begin) the file at `path`."""
        self.path = path
        self.connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        self.connection.execute("pragma page_size = 8192")
        self.connection.executescript(_TABLES)

    def begin_bulk(self) -> None:
        """Write fast; a crash while generating means generating again."""
        for pragma in (
            "journal_mode = off",
            "synchronous = off",
            "cache_size = -65536",
            "locking_mode = exclusive",
        ):
            self.connection.execute(f"pragma {pragma}")
        self.connection.execute("begin")

    def add(self, rows: Iterable[Row]) -> None:
        """Insert rows."""
        self.connection.executemany(_INSERT, rows)

    def end_bulk(self) -> None:
        """Commit, build the indexes, and go to the write-ahead log."""
        self.connection.execute("commit")
        self.connection.executescript(_INDEXES)
        self.connection.execute("analyze")
        self.serve()

    def serve(self) -> None:
        """Settings for a file that is read and changed live."""
        for pragma in (
            "locking_mode = normal",
            "journal_mode = wal",
            "synchronous = normal",
            "cache_size = -65536",
            "mmap_size = 1073741824",
        ):
            self.connection.execute(f"pragma {pragma}").fetchall()

    def meta(self, name: str) -> str | None:
        """A remembered word about the file."""
        row = self.connection.execute("select value from meta where name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, name: str, value: str) -> None:
        """Remember a word about the file."""
        self.connection.execute("insert or replace into meta values (?, ?)", (name, value))

    def body(self, identity: str) -> str | None:
        """An object's text by id, whatever its kind."""
        row = self.connection.execute(
            "select body from objects where id = ?", (identity,)
        ).fetchone()
        return None if row is None else str(row[0])

    def place(self, identity: str) -> tuple[str, int, int] | None:
        """(kind, created, seq) of an object: where a cursor stands."""
        row = self.connection.execute(
            "select kind, created, seq from objects where id = ?", (identity,)
        ).fetchone()
        return None if row is None else (str(row[0]), int(row[1]), int(row[2]))

    def page(self, where: str, values: list[Any], limit: int, backwards: bool) -> list[str]:
        """Matching texts, newest first; `backwards` takes the `limit` oldest of them."""
        order = "asc" if backwards else "desc"
        sql = (
            f"select body from objects where {where} order by created {order}, seq {order} limit ?"
        )
        found = [row[0] for row in self.connection.execute(sql, (*values, limit))]
        return found[::-1] if backwards else found

    def put(self, row: Row) -> None:
        """Write an object: a new one, or a known one's new state in its old place."""
        kind, identity, _, customer, parent, status, body = row
        updated = self.connection.execute(
            "update objects set kind = ?, customer = coalesce(?, iif(kind in "
            "('payment_method'), null, customer)), parent = coalesce(?, parent), status = ?, "
            "body = ? where id = ?",
            (kind, customer, parent, status, body, identity),
        )
        if updated.rowcount == 0:
            self.connection.execute(_INSERT, row)

    def set_parent(self, identity: str, parent: str | None) -> None:
        """Hang an object under another, for a link that its own text does not show."""
        self.connection.execute("update objects set parent = ? where id = ?", (parent, identity))

    def add_fact(self, at: int, fact: str, fields: dict[str, Any]) -> None:
        """Enter something that happened live."""
        self.connection.execute(
            "insert into facts (at, fact, fields) values (?, ?, ?)", (at, fact, json.dumps(fields))
        )

    def facts(self) -> list[dict[str, Any]]:
        """Everything that happened live, in order."""
        rows = self.connection.execute("select at, fact, fields from facts order by seq")
        return [{"at": at, "fact": fact, **json.loads(fields)} for at, fact, fields in rows]

    def remembered(self, key: str, since: int) -> tuple[str, int, str] | None:
        """(fingerprint, status, body) of an idempotency key used since then."""
        row = self.connection.execute(
            "select fingerprint, status, body from idempotency where key = ? and at >= ?",
            (key, since),
        ).fetchone()
        return None if row is None else (str(row[0]), int(row[1]), str(row[2]))

    def remember(self, key: str, fingerprint: str, status: int, body: str, at: int) -> None:
        """Keep the answer given under an idempotency key."""
        self.connection.execute(
            "insert or replace into idempotency values (?, ?, ?, ?, ?)",
            (key, fingerprint, status, body, at),
        )

    def begin(self) -> None:
        """Begin a change."""
        self.connection.execute("begin immediate")

    def commit(self) -> None:
        """Keep a change."""
        self.connection.execute("commit")

    def rollback(self) -> None:
        """Forget a change."""
        self.connection.execute("rollback")

    def bury(self, identity: str, kind: str, body: str) -> None:
        """Replace an object by its tombstone."""
        self.connection.execute(
            "update objects set kind = ?, body = ?, customer = null, parent = null where id = ?",
            (f"deleted_{kind}", body, identity),
        )

    def counts(self) -> dict[str, int]:
        """How many objects of each kind the file holds."""
        return {
            str(kind): int(count)
            for kind, count in self.connection.execute(
                "select kind, count(*) from objects group by kind order by kind"
            )
        }

    def close(self) -> None:
        """Close the file."""
        self.connection.close()
