"""How does a change get into the audit log? In the transaction that makes it, or not at all.

Each workspace has its own log: what a person does to themselves (signing in and out) is noted in
every workspace that they belong to. What the installation itself does, by its worker or at its
command line, is noted as `system`.
"""

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from core.clock import utc_now
from core.database import Rows
from core.tenancy import TenantId, new_id
from serving.auth.scope import TenantScope

_INSERT = """
insert into audit_log (workspace_id, id, occurred_at, actor_kind, actor_id, actor_name, action,
    target, details, request_id)
values (%(workspace_id)s, %(id)s, %(occurred_at)s, %(actor_kind)s, %(actor_id)s, %(actor_name)s,
    %(action)s, %(target)s, %(details)s, %(request_id)s)
"""


def record(rows: Rows, scope: TenantScope, action: str, target: str, **details: Any) -> None:
    """Write one entry; `details` says what changed, never a secret."""
    _write(
        rows, scope.tenant, scope.principal.kind, scope.principal.id, scope.principal.name,
        action, target, details, scope.exchange.request_id,
    )  # fmt: skip


def record_by_member(
    rows: Rows,
    tenant: TenantId,
    member: Mapping[str, Any],
    action: str,
    target: str,
    *,
    request_id: str,
    **details: Any,
) -> None:
    """Write one entry of what a member (`id`, `email`) did outside any scope.

    The transaction must be bound to the workspace.
    """
    _write(
        rows, tenant, "member", member["id"], member["email"], action, target, details, request_id
    )


def record_by_system(
    rows: Rows, tenant: TenantId, action: str, target: str, *, by: str, **details: Any
) -> None:
    """Write one entry of what a program of the installation did (`worker`, `command line`).

    The transaction must be bound to the workspace.
    """
    _write(rows, tenant, "system", by, by, action, target, details, "")


def _write(
    rows: Rows,
    tenant: TenantId,
    actor_kind: str,
    actor_id: str,
    actor_name: str,
    action: str,
    target: str,
    details: Mapping[str, Any],
    request_id: str,
) -> None:
    values = {
        "workspace_id": str(tenant), "id": new_id("log"), "occurred_at": utc_now(),
        "actor_kind": actor_kind, "actor_id": actor_id, "actor_name": actor_name,
        "action": action, "target": target, "details": Jsonb(dict(details)),
        "request_id": request_id,
    }  # fmt: skip
    rows.execute(_INSERT, values)
