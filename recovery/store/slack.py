"""Which Slack channel hears a workspace's alerts? Its incoming webhook, sealed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.database import Rows

_HELD = """
select updated_at, updated_by from recovery_slack where workspace_id = %s
"""
_SEALED = "select sealed_url from recovery_slack where workspace_id = %s"
_PUT = """
insert into recovery_slack (workspace_id, sealed_url, updated_at, updated_by)
values (%(workspace_id)s, %(sealed_url)s, %(now)s, %(by)s)
on conflict (workspace_id) do update set sealed_url = excluded.sealed_url,
    updated_at = excluded.updated_at, updated_by = excluded.updated_by
"""
_REMOVE = "delete from recovery_slack where workspace_id = %s"


def context(workspace_id: str) -> str:
    """Return whose secret it is, for sealing and opening."""
    return f"{workspace_id}|{PURPOSE}"


PURPOSE = "recovery_slack"


def held(rows: Rows, workspace_id: str) -> Mapping[str, Any] | None:
    """Return since when there is one and who set it; None where there is none."""
    return rows.execute(_HELD, [workspace_id]).fetchone()


def sealed_url(rows: Rows, workspace_id: str) -> str | None:
    """Return the webhook's address, sealed; None where there is none."""
    row = rows.execute(_SEALED, [workspace_id]).fetchone()
    return None if row is None else str(row["sealed_url"])


def put(rows: Rows, workspace_id: str, sealed: str, now: datetime, by: str) -> None:
    """Keep an address."""
    values = {"workspace_id": workspace_id, "sealed_url": sealed, "now": now, "by": by}
    rows.execute(_PUT, values)


def remove(rows: Rows, workspace_id: str) -> None:
    """Forget it."""
    rows.execute(_REMOVE, [workspace_id])
