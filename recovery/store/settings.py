"""What did a workspace settle for each connection: whether, who retries, and whose clock counts."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from core.database import Rows
from recovery.engine.clocks import zone_named
from recovery.engine.episode import Episode, Owner, Terms

_COLUMNS = "connection_id, is_enabled, owner, timezone, grace_days, swept_at, updated_at"

LIST = """
select c.id as connection_id, c.name, coalesce(s.is_enabled, false) as is_enabled,
    coalesce(s.owner, 'provider') as owner, coalesce(s.timezone, 'UTC') as timezone, s.grace_days,
    s.swept_at
from connections c
left join recovery_settings s on s.workspace_id = c.workspace_id and s.connection_id = c.id
where c.provider = 'stripe' and c.status <> 'revoked'
order by c.created_at, c.id
"""
_PUT = f"""
insert into recovery_settings as s
    (workspace_id, connection_id, is_enabled, owner, timezone, grace_days, updated_at)
values (%(workspace_id)s, %(connection_id)s, %(is_enabled)s, %(owner)s, %(timezone)s,
    %(grace_days)s, %(now)s)
on conflict (workspace_id, connection_id) do update set is_enabled = excluded.is_enabled,
    owner = excluded.owner, timezone = excluded.timezone, grace_days = excluded.grace_days,
    updated_at = excluded.updated_at,
    swept_at = case when s.is_enabled then s.swept_at end
returning {_COLUMNS}
"""
_SWEEP = """
update recovery_settings s set swept_at = %(now)s
from (
    select workspace_id, connection_id from recovery_settings
    where is_enabled and (swept_at is null or swept_at <= %(before)s)
    order by swept_at nulls first limit %(most)s for update skip locked
) as due
where s.workspace_id = due.workspace_id and s.connection_id = due.connection_id
returning s.workspace_id, s.connection_id
"""


_HELD = """
select owner, timezone, grace_days from recovery_settings
where workspace_id = %s and connection_id = %s
"""


@lru_cache(maxsize=1000)
def terms_of(owner: str, timezone: str, grace_days: int | None = None) -> Terms:
    """Return the terms that a settings row states."""
    zone = zone_named(timezone) or ZoneInfo("UTC")
    return Terms(cast(Owner, owner), zone, grace_days=grace_days)


def held(rows: Rows, episode: Episode) -> Terms:
    """Return the terms of an episode's connection; the defaults where none were settled."""
    row = rows.execute(_HELD, [episode.workspace_id, episode.connection_id]).fetchone()
    if row is None:
        return terms_of("provider", "UTC")
    return terms_of(row["owner"], row["timezone"], row["grace_days"])


def put(
    rows: Rows, workspace_id: str, connection_id: str, values: Mapping[str, Any], now: datetime
) -> Mapping[str, Any]:
    """Settle a connection; the first sweep follows at once when it is turned on."""
    named = {"workspace_id": workspace_id, "connection_id": connection_id, "now": now}
    row = rows.execute(_PUT, {"grace_days": None, **values, **named}).fetchone()
    assert row is not None
    return row


def to_sweep(rows: Rows, now: datetime, before: datetime, most: int) -> list[tuple[str, str]]:
    """Take connections whose sweep is due, noting that it is made now (system role)."""
    values = {"now": now, "before": before, "most": most}
    found = rows.execute(_SWEEP, values)
    return [(row["workspace_id"], row["connection_id"]) for row in found]
