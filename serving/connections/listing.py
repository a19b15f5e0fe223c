"""How are connections listed? Oldest first, page by page."""

from serving.auth.scope import TenantScope
from serving.connections import queries
from serving.connections.schemas import ConnectionRecord
from serving.pagination import Cursor, Page, page_of
from serving.times import EARLIEST


def list_connections(
    scope: TenantScope,
    *,
    provider: str | None,
    status: str | None,
    limit: int,
    cursor: str | None,
) -> Page[ConnectionRecord]:
    """Return one page of the workspace's connections."""
    after = Cursor(EARLIEST, ("",)) if cursor is None else Cursor.decode(cursor, names=1)
    values = {
        "provider": provider, "status": status, "limit": limit + 1,
        "after_at": after.moment, "after_id": after.name[0],
    }  # fmt: skip
    with scope.transaction() as rows:
        found = rows.execute(queries.PAGE, values).fetchall()
    return page_of(
        found,
        limit,
        lambda row: ConnectionRecord(**row),
        lambda row: Cursor(row["created_at"], (row["id"],)),
    )
