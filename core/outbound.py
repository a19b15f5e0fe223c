"""How does something that happened here become an event for others? Kept with what made it happen.

In the same transaction, with one delivery for each endpoint of the workspace that wants it; the
worker sends them (`serving/outbound/sending.py`).
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.database import Rows

_EVENT = """
insert into outbound_events (workspace_id, id, type, connection_id, body, created_at)
select %(workspace_id)s, %(id)s, %(type)s, %(connection_id)s, %(body)s, %(now)s
where exists (select 1 from webhook_endpoints
    where workspace_id = %(workspace_id)s and state = 'enabled' and %(type)s = any(event_types))
on conflict do nothing
"""
_DELIVERIES = """
insert into outbound_deliveries
    (workspace_id, id, event_id, endpoint_id, state, next_attempt_at, created_at)
select workspace_id, 'dlv_' || substr(md5(%(id)s || '|' || id), 1, 25), %(id)s, id, 'waiting',
    %(now)s, %(now)s
from webhook_endpoints
where workspace_id = %(workspace_id)s and state = 'enabled' and %(type)s = any(event_types)
on conflict do nothing
"""


def emit(
    rows: Rows, workspace_id: str, kind: str, cause: str, data: Mapping[str, Any], now: datetime
) -> None:
    """Have an event sent to every endpoint of the workspace that wants it.

    Args:
        rows: A transaction of the workspace, or of the system.
        workspace_id: Whose event it is.
        kind: Its type, such as `payment.failed`.
        cause: What it comes from; the same cause is one event, however often it is seen.
        data: What happened; by its `connection_id` it is erased with that connection.
        now: The event's time.
    """
    name = hashlib.sha256(f"{workspace_id}|{kind}|{cause}".encode()).hexdigest()[:25]
    body = json.dumps({"type": kind, "timestamp": now.isoformat(), "data": dict(data)})
    values = {
        "workspace_id": workspace_id, "id": f"msg_{name}", "type": kind, "body": body, "now": now,
        "connection_id": data.get("connection_id"),
    }  # fmt: skip
    rows.execute(_EVENT, values)
    rows.execute(_DELIVERIES, values)
