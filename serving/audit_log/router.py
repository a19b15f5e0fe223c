"""How is the audit log read? `GET /v1/audit_log`, newest first. Nothing writes to it from here."""

from typing import Annotated

from fastapi import APIRouter, Query

from serving.audit_log import queries
from serving.audit_log.schemas import AuditEntry, entry_of
from serving.auth.scope import AuditLogRead
from serving.pagination import Cursor, CursorText, Limit, Page, page_of
from serving.times import EARLIEST, LATEST, Moment
from serving.words import Id

router = APIRouter(prefix="/v1/audit_log", tags=["audit log"])


@router.get("", summary="List changes", operation_id="list_audit_log")
def get_audit_log(
    scope: AuditLogRead,
    action: Annotated[str | None, Query(pattern=r"^[a-z_.]{1,60}$")] = None,
    target: Annotated[Id | None, Query(description="The id of what was changed")] = None,
    since: Moment | None = None,
    until: Moment | None = None,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[AuditEntry]:
    """List who changed what in the workspace, newest first."""
    after = Cursor(LATEST, ("",)) if cursor is None else Cursor.decode(cursor, names=1)
    values = {
        "action": action, "target": target, "since": since or EARLIEST, "until": until or LATEST,
        "after_at": after.moment, "after_id": after.name[0], "limit": limit + 1,
    }  # fmt: skip
    with scope.transaction() as rows:
        found = rows.execute(queries.PAGE, values).fetchall()
    return page_of(found, limit, entry_of, lambda row: Cursor(row["occurred_at"], (row["id"],)))
