"""What have people decided of the books? Read from Postgres; their charts mirrored to ClickHouse.

Decisions on matches bind the matching itself. Charts of accounts are read by dbt, which knows only
ClickHouse: what changed is written, what is no more is a tombstone, the newest version wins.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from assets.bank_accounts import key_of
from assets.reconciliation_rows import changed
from core.clock import epoch_microseconds
from core.database import Database
from core.warehouse import Warehouse
from reconciliation.records import Decision
from reconciliation.tables import CHARTS, TABLES

_DECISIONS = """
select workspace_id, payout_connection_id, payout_id, connection_id, other_id, account_id,
    is_confirmed
from reconciliation_decisions order by workspace_id, decided_at, id
"""
_ACCOUNTS = """
select workspace_id, code as id, number, name, type, description from ledger_accounts
"""
_POSTS = "select workspace_id, category as id, code as account_code from ledger_postings"
_READ = dict(zip(CHARTS, (_ACCOUNTS, _POSTS), strict=True))


def decisions_of(database: Database) -> dict[str, list[Decision]]:
    """Return people's decisions on matches, by workspace, the newest last."""
    found: dict[str, list[Decision]] = {}
    with database.system() as rows:
        for row in rows.execute(_DECISIONS):
            decision = Decision(
                key_of(row["payout_connection_id"], row["payout_id"]),
                key_of(row["connection_id"], row["other_id"], row["account_id"]),
                row["is_confirmed"],
            )
            found.setdefault(row["workspace_id"], []).append(decision)
    return found


def mirror_charts(database: Database, warehouse: Warehouse, now: datetime) -> dict[str, int]:
    """Bring every workspace's chart to ClickHouse; return how many rows changed, by table."""
    written = {}
    for name, sql in _READ.items():
        with database.system() as rows:
            wanted = rows.execute(sql).fetchall()
        stored = warehouse.rows(f"select * from marts.{name} final")
        columns = list(TABLES[name])
        new: Sequence[Any] = changed(wanted, stored, columns, now, epoch_microseconds(now))
        if new:
            warehouse.insert_rows(f"marts.{name}", list(new), columns)
        written[name] = len(new)
    return written
