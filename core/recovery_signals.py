"""How does recovery learn that something changed? By a row noted with the change, and a bell.

The inbox notes, in the transaction that applies them, which objects tell of a payment that failed,
or belong to an open episode, or are a payer whose episode ended unpaid in the last 30 days: for
connections whose owner lets us recover, one row per object, however often it changes. What an entry
says is enough to be suspected, even if another of the same second is held to be newer: recovery
asks the provider itself and strikes the row off (`recovery/`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from core.database import Rows

CHANNEL = "recovery"
# What can make a payment fail, be paid, or be given up.
OBJECTS = frozenset({"invoice", "payment_intent", "subscription", "customer", "dispute"})
# States of a payment that say that it has not failed.
_QUIET = frozenset({"succeeded", "processing", "requires_confirmation", "requires_capture"})

_NOTE = """
with changed as (
    select distinct on (w, c, o, i) w, c, o, i, bool_or(s) over (partition by w, c, o, i) as s
    from unnest(%(workspaces)s::text[], %(connections)s::text[], %(objects)s::text[],
        %(ids)s::text[], %(suspected)s::boolean[]) as t (w, c, o, i, s)
), noted as (
    insert into recovery_signals as s (workspace_id, connection_id, object, id, version, noted_at)
    select w, c, o, i, 1, %(now)s
    from changed
    join recovery_settings r on r.workspace_id = w and r.connection_id = c and r.is_enabled
    where s or exists (select 1 from recovery_episodes e
            where e.workspace_id = w and e.connection_id = c and e.subject_kind = o
                and e.subject_id = i)
        or o = 'customer' and exists (select 1 from recovery_episodes e
            where e.workspace_id = w and e.connection_id = c and e.customer_id = i
                and (e.state <> 'ended' or e.outcome in ('holdout', 'lost', 'goal_reached')
                    and e.ended_at > %(now)s - interval '30 days'))
        or o = 'subscription' and exists (select 1 from recovery_episodes e
            where e.workspace_id = w and e.connection_id = c and e.subscription_id = i
                and e.state <> 'ended')
    order by w, c, o, i
    on conflict (workspace_id, connection_id, object, id) do update
        set version = s.version + 1, leased_until = '-infinity', attempts = 0
    returning 1
)
select pg_notify(%(channel)s, '') from (select 1 from noted limit 1) as any_of_them
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """One object that an entry tells of, as the entry has it."""

    workspace_id: str
    connection_id: str
    object: str
    id: str
    payload: bytes = field(repr=False)


class _Told(msgspec.Struct, gc=False):
    status: str | None = None
    attempted: bool | None = None
    due_date: int | None = None
    last_payment_error: Any = None


_TOLD = msgspec.json.Decoder(_Told)


def note(rows: Rows, changed: Sequence[Changed], now: datetime) -> None:
    """Note what recovery may care about, in the caller's transaction (of the system)."""
    wanted = [one for one in changed if one.object in OBJECTS]
    if not wanted:
        return
    rows.execute(
        _NOTE,
        {
            "now": now, "channel": CHANNEL,
            "workspaces": [one.workspace_id for one in wanted],
            "connections": [one.connection_id for one in wanted],
            "objects": [one.object for one in wanted],
            "ids": [one.id for one in wanted],
            "suspected": [may_have_failed(one.object, one.payload, now) for one in wanted],
        },
    )  # fmt: skip


def may_have_failed(kind: str, payload: bytes, now: datetime) -> bool:
    """Say whether an object tells of a payment that failed; doubt asks the provider."""
    try:
        told = _TOLD.decode(payload)
    except msgspec.MsgspecError:
        return False
    if kind == "invoice":
        is_past_due = told.due_date is not None and told.due_date <= now.timestamp()
        is_tried = told.attempted is not False
        return told.status in ("open", "uncollectible") and (is_tried or is_past_due)
    if kind == "dispute":
        return told.status == "lost"
    if kind != "payment_intent" or told.status in _QUIET:
        return False
    return told.status == "requires_action" or bool(told.last_payment_error)
