"""Who is not written to any more? Addresses that bounced, complained or asked to be left alone.

Kept by hash: a list of addresses would be one more place where they could leak.
"""

from datetime import datetime
from typing import Any

from core.database import Rows

# What was said by a person outranks what a relay said.
REASONS = ("unsubscribed", "complained", "bounced", "by_hand")

_SUPPRESS = """
insert into recovery_suppressions (workspace_id, channel, address_hash, reason, created_at)
values (%s, %s, %s, %s, %s) on conflict (workspace_id, channel, address_hash) do nothing
"""
_RELEASE = """
delete from recovery_suppressions where workspace_id = %s and channel = %s and address_hash = %s
"""
_LIST = """
select channel, address_hash, reason, created_at from recovery_suppressions
where workspace_id = %s order by created_at desc, address_hash limit %s
"""


def suppress_address(
    rows: Rows, workspace_id: str, channel: str, name: str, reason: str, now: datetime
) -> bool:
    """Send nothing more there; return whether that is new. `name` is the address's hash."""
    values = [workspace_id, channel, name, reason, now]
    return rows.execute(_SUPPRESS, values).rowcount == 1


def release_address(rows: Rows, workspace_id: str, channel: str, name: str) -> bool:
    """Let messages go there again; return whether they did not."""
    return rows.execute(_RELEASE, [workspace_id, channel, name]).rowcount == 1


def suppressed(rows: Rows, workspace_id: str, most: int) -> list[dict[str, Any]]:
    """Return the newest suppressions."""
    return rows.execute(_LIST, [workspace_id, most]).fetchall()
