"""How does the demo company get into raw tables without the connector? Straight from its store."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from core.clock import utc_now
from pipelines.stripe.objects import OBJECTS
from sandbox.company.books import Books
from sandbox.company.reach import REACH
from sandbox.stripe.generate import CompanySpec, generate
from sandbox.world import World
from tests.dbt.banked import Banked

WORKSPACE = "ws_company"
SPEC = CompanySpec(seed=11, scale=80, until=date(2026, 11, 1))
# When every deposit and every entry of the company's payouts has come.
BANKED_UNTIL = date(2026, 12, 11)
NEWEST = SPEC.until_at * 1_000_000


@dataclass(frozen=True)
class Company:
    """The company's objects as Stripe shows them, and its own books."""

    store: Path
    books: Books
    # Its banks and its accounting, as their providers show them to the same workspace.
    banked: Banked

    def rows(self) -> Iterator[tuple[str, list[tuple[str, int, str]]]]:
        """Yield (raw table, rows), as the connector would land them."""
        return stored_rows(self.store)


def stored_rows(store: Path) -> Iterator[tuple[str, list[tuple[str, int, str]]]]:
    """Yield (raw table, rows) of a store, discounts expanded as the connector asks for them."""
    connection = sqlite3.connect(store)
    objects: dict[str, list[tuple[str, int, str]]] = {}
    for kind, identity, created, body in connection.execute(
        "select kind, id, created, body from objects"
    ):
        version = created * 1_000_000 if kind == "event" else NEWEST
        objects.setdefault(kind, []).append((identity, version, body))
    connection.close()
    discounts = {identity: json.loads(body) for identity, _, body in objects["discount"]}
    for kind, rows in objects.items():
        if kind in ("subscription", "invoice"):
            rows = [(i, v, _expanded(body, discounts)) for i, v, body in rows]
        if kind in OBJECTS:
            yield f"stripe_{kind.replace('.', '_')}", rows


def _expanded(body: str, discounts: dict[str, Any]) -> str:
    value = json.loads(body)
    return json.dumps(value | {"discounts": [discounts[name] for name in value["discounts"]]})


def make_company(folder: Path) -> Company:
    """Generate the company into a folder."""
    generate(SPEC, folder / "store.db", folder / "books.db", lambda done: None)
    return opened(folder)


def opened(folder: Path) -> Company:
    """Return the company that was generated into a folder."""
    books = Books(folder / "books.db")
    banked = Banked(World.of(SPEC.seed, books), WORKSPACE, BANKED_UNTIL, utc_now(), REACH)
    return Company(folder / "store.db", books, banked)
