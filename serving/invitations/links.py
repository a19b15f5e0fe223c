"""Which invitation does the browser hold? The one of the link that it opened, while it is open."""

from typing import Any

from core.clock import utc_now
from core.database import bind
from core.tenancy import TenantId
from core.tokens import hash_token
from serving.invitations import queries
from serving.web.visits import Visit


def held_invitation(visit: Visit) -> dict[str, Any] | None:
    """Return the invitation with its workspace's name; None if there is none that is open."""
    token = visit.cookie("invitation")
    if not token:
        return None
    token_hash = hash_token(token, visit.secret)
    with visit.database.person(lookup=token_hash.hex()) as rows:
        values = {"token_hash": token_hash, "now": utc_now()}
        invitation = rows.execute(queries.OPEN, values).fetchone()
        if invitation is None:
            return None
        bind(rows, tenant=TenantId(invitation["workspace_id"]))
        workspace = rows.execute(
            "select name as workspace_name from workspaces where id = %s",
            [invitation["workspace_id"]],
        ).fetchone()
    return {**invitation, **(workspace or {})}
