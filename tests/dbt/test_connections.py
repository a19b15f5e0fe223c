"""Does unified.connections say how each workspace's connections are, and nobody else's?"""

import json
from datetime import UTC, datetime
from typing import Any

from core.warehouse import Warehouse

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
COLUMNS = [
    "workspace_id", "connection_id", "provider", "name", "provider_account_id", "status",
    "status_reason", "connected_at", "last_synced_at", "consent_expires_at", "is_deleted",
    "mirrored_at", "version",
]  # fmt: skip


def state(workspace: str, connection: str, provider: str, **fields: Any) -> list[Any]:
    row = {
        "name": "", "provider_account_id": "acc", "status": "active", "status_reason": "",
        "connected_at": AT, "last_synced_at": None, "consent_expires_at": None, "is_deleted": 0,
        "mirrored_at": AT, "version": 1,
    } | fields  # fmt: skip
    row |= {"workspace_id": workspace, "connection_id": connection, "provider": provider}
    return [row[column] for column in COLUMNS]


def line(amount: str) -> str:
    return json.dumps({
        "transactionId": "t", "bookingDate": "2026-11-05",
        "transactionAmount": {"amount": amount, "currency": "EUR"},
    })  # fmt: skip


def budget(scope: str, allowed: str, planned: str) -> str:
    return json.dumps({
        "scope": scope, "calls_per_day": 4, "calls_made": 4, "next_allowed_at": allowed,
        "next_planned_at": planned,
    })  # fmt: skip


def test_a_connection_is_as_postgres_knows_it_with_what_it_holds(
    built: Warehouse, land: Any
) -> None:
    """`land` writes for conn_test, of either workspace: the same id must not mix them."""
    synced = datetime(2026, 11, 20, 11, tzinfo=UTC)
    ends = datetime(2027, 2, 18, tzinfo=UTC)
    rows = [
        state("ws_health_a", "conn_test", "gocardless", name="Hansa", status="degraded",
              status_reason="The bank is away.", version=1),
        state("ws_health_a", "conn_test", "gocardless", name="Hansa", last_synced_at=synced,
              consent_expires_at=ends, version=2),
        state("ws_health_a", "conn_new", "stripe", status="reconsent_required",
              status_reason="Invalid API Key", version=1),
        state("ws_health_a", "conn_gone", "plaid", is_deleted=1, version=1),
        state("ws_health_b", "conn_test", "gocardless", version=1),
    ]  # fmt: skip
    built.insert_rows("raw.connection", rows, COLUMNS)
    account = "0123456789abcdef01234567.EUR"
    lines = [(f"{account}/BANK/{n}", 1, line("-42.50")) for n in range(3)]
    # Two states of one line are one line.
    land("gocardless_transaction", "ws_health_a", [*lines, (lines[0][0], 2, line("-42.60"))])
    land("gocardless_transaction", "ws_health_b", lines[:1])
    budgets = {
        "balances": ("2026-11-20T13:00:00Z", "2026-11-20T14:00:00Z"),
        "transactions": ("2026-11-21T02:00:00Z", "2026-11-21T03:00:00Z"),
    }
    told = [(f"a/{scope}", 1, budget(scope, *times)) for scope, times in budgets.items()]
    land("gocardless_call_budget", "ws_health_a", told)
    found = built.rows(
        "select * except(newest_row_at, mirrored_at), newest_row_at is null as is_empty"
        " from unified.connections where startsWith(workspace_id, 'ws_health_')"
        " order by workspace_id, connection_id"
    )
    allowed = datetime(2026, 11, 21, 2, tzinfo=UTC), datetime(2026, 11, 20, 14, tzinfo=UTC)
    assert [tuple(row.values()) for row in found] == [
        ("ws_health_a", "conn_new", "stripe", "", "acc", "reconsent_required", "Invalid API Key",
         AT, None, None, None, None, 0, 0, 0, 1),
        ("ws_health_a", "conn_test", "gocardless", "Hansa", "acc", "active", "",
         AT, synced, ends, *allowed, 0, 3, 0, 0),
        ("ws_health_b", "conn_test", "gocardless", "", "acc", "active", "",
         AT, None, None, None, None, 0, 1, 0, 0),
    ]  # fmt: skip
