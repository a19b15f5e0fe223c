"""How does a QuickBooks company answer? Its lists, changes and removals, in memory."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.connections import Connection
from core.tenancy import TenantId
from sandbox.quickbooks.query import Query, Row, seconds

REALM = "4620816365000001"
Tamper = Callable[["FakeCompany", str], None]


def connection(workspace: str, url: str) -> Connection:
    """A connection whose token lasts."""
    until = (utc_now() + timedelta(hours=1)).isoformat()
    held = {"access_token": "t", "refresh_token": "r", "expires_at": until, "realm_id": REALM}
    return Connection(TenantId(workspace), "conn_a", "quickbooks", "A", REALM, url, held)


@dataclass
class FakeCompany:
    """Objects by entity; every query and every request for changes that was made."""

    rows: dict[str, dict[int, Row]] = field(default_factory=dict)
    removed: dict[str, dict[int, int]] = field(default_factory=dict)
    queries: list[str] = field(default_factory=list)
    changes: list[tuple[list[str], int]] = field(default_factory=list)
    before: Tamper | None = None
    most: int = 1000

    def put(self, entity: str, number: int, *, updated: int, body: str = "") -> None:
        """Create or change an object."""
        text = body or json.dumps({"Id": str(number), "SyncToken": "0", "TotalAmt": 1})
        held = self.rows.setdefault(entity, {})
        created = held[number].created_at if number in held else updated
        held[number] = Row(str(number), created, updated, text.encode())

    def remove(self, entity: str, number: int, *, at: int) -> None:
        """Remove an object."""
        del self.rows[entity][number]
        self.removed.setdefault(entity, {})[number] = at

    def answer(
        self, path: str, query: dict[str, str], _: object
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer one GET."""
        name = path.rsplit("/", 1)[-1]
        body = self.query(query["query"]) if name == "query" else self.changed(query)
        return 200, {}, body

    def query(self, text: str) -> bytes:
        self.queries.append(text)
        if self.before is not None:
            self.before(self, text)
        asked = Query.parse(text)
        found = asked.page(asked.select(list(self.rows.get(asked.entity, {}).values())))
        bodies = b",".join(row.body for row in found)
        members = b'"%b":[%b],"maxResults":%d' % (asked.entity.encode(), bodies, len(found))
        return b'{ "QueryResponse": {%b}, "time": "x"}' % (members if found else b"")

    def changed(self, query: dict[str, str]) -> bytes:
        entities, since = query["entities"].split(","), seconds(query["changedSince"])
        self.changes.append((entities, since))
        left, groups = self.most, []
        for entity in entities:
            bodies: list[Any] = [
                json.loads(row.body) for row in self.rows.get(entity, {}).values()
                if row.updated_at >= since
            ]  # fmt: skip
            bodies += [
                {"domain": "QBO", "status": "Deleted", "Id": str(number)}
                for number, at in self.removed.get(entity, {}).items() if at >= since
            ]  # fmt: skip
            groups.append({entity: bodies[:left], "startPosition": 1} if bodies else {})
            left -= len(bodies[:left])
        return json.dumps({"CDCResponse": [{"QueryResponse": groups}], "time": "x"}).encode()


def ago(**span: float) -> int:
    """A second in the past."""
    return int((datetime.now(UTC) - timedelta(**span)).timestamp())  # noqa: TID251
