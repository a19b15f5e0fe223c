"""How does a change get into the audit log? In the transaction that makes it, or not at all."""

from typing import Any

from psycopg.types.json import Jsonb

from core.clock import utc_now
from core.database import Rows
from core.tenancy import new_id
from serving.auth.scope import TenantScope

_INSERT = """
insert into audit_log (workspace_id, id, occurred_at, actor_kind, actor_id, actor_name, action,
    target, details, request_id)
values (%(workspace_id)s, %(id)s, %(occurred_at)s, 'api_key', %(actor_id)s, %(actor_name)s,
    %(action)s, %(target)s, %(details)s, %(request_id)s)
"""


def record(rows: Rows, scope: TenantScope, action: str, target: str, **details: Any) -> None:
    """Write one entry; `details` says what changed, never a secret."""
    values = {
        "workspace_id": str(scope.tenant), "id": new_id("log"), "occurred_at": utc_now(),
        "actor_id": scope.key.id, "actor_name": scope.key.name, "action": action,
        "target": target, "details": Jsonb(details), "request_id": scope.exchange.request_id,
    }  # fmt: skip
    rows.execute(_INSERT, values)
