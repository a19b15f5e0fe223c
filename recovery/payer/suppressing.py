"""Who is not written to any more? Addresses that bounced, complained or asked to be left alone.

Kept by hash: a list of addresses would be one more place where they could leak.
"""

from datetime import datetime

from core.database import Rows

REASONS = ("unsubscribed", "complained", "bounced", "by_hand")
# What a person said of their own address: nobody takes it back without a word from them.
WISHES = ("unsubscribed", "complained")

# A wish outranks what a relay said of the address before; nothing outranks a wish.
_SUPPRESS = """
insert into recovery_suppressions
    (workspace_id, channel, address_hash, reason, created_at, told_by, episode_id)
values (%(workspace_id)s, %(channel)s, %(name)s, %(reason)s, %(now)s, %(told_by)s, %(episode_id)s)
on conflict (workspace_id, channel, address_hash) do update set reason = excluded.reason,
    created_at = excluded.created_at, told_by = excluded.told_by, episode_id = excluded.episode_id
where excluded.reason = any(%(wishes)s) and not recovery_suppressions.reason = any(%(wishes)s)
"""


def suppress_address(
    rows: Rows,
    workspace_id: str,
    channel: str,
    name: str,
    reason: str,
    now: datetime,
    *,
    told_by: str,
    episode_id: str = "",
) -> bool:
    """Send nothing more there; return whether that is new.

    Args:
        rows: The transaction.
        workspace_id: Whose messages.
        channel: email or sms.
        name: The address's hash.
        reason: One of REASONS.
        now: The time.
        told_by: Who said so: "relay", "payer", or whose key or session it was.
        episode_id: About which it was being written; empty where that is not known.
    """
    values = {
        "workspace_id": workspace_id, "channel": channel, "name": name, "reason": reason,
        "now": now, "told_by": told_by, "episode_id": episode_id, "wishes": list(WISHES),
    }  # fmt: skip
    return rows.execute(_SUPPRESS, values).rowcount == 1
