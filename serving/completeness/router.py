"""How complete is what was brought in? `GET /v1/sync/completeness`: the audits' newest verdicts."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.warehouse import TenantQuery
from serving.auth.scope import SyncsRead
from serving.pagination import Cursor, CursorText, Limit, Page, page_of
from serving.times import Day
from serving.words import Id

router = APIRouter(prefix="/v1/sync/completeness", tags=["completeness"])

LAST_DAY = date(2149, 6, 6)
_PAGE = TenantQuery(
    """
    select connection_id, object, created_on, provider_count, warehouse_count, is_complete,
        audited_at
    from raw.completeness final
    where ({connection_id:String} = '' or connection_id = {connection_id:String})
      and ({object:String} = '' or object = {object:String})
      and created_on >= {since:Date} and created_on <= {until:Date}
      and (not {only_gaps:Bool} or not is_complete)
      and (created_on, object, connection_id) < (
          {after_on:Date}, {after_object:String}, {after_connection:String})
    order by created_on desc, object desc, connection_id desc
    limit {limit:UInt32}
    """
)
_EXAMPLE: JsonDict = {
    "connection_id": "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
    "object": "charge",
    "created_on": "2024-05-01",
    "provider_count": 120,
    "warehouse_count": 120,
    "is_complete": True,
    "audited_at": "2024-05-02T03:00:00Z",
}


class Completeness(BaseModel):
    """One object of one connection on one day: what the provider lists and what is held."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    connection_id: str
    object: str
    created_on: date = Field(description="1970-01-01 for objects that have no time")
    provider_count: int
    warehouse_count: int
    is_complete: bool = Field(description="Counts agree, and so do the hashes of the ids")
    audited_at: datetime


@router.get("", summary="List the audits' verdicts", operation_id="list_completeness")
def get_completeness(
    scope: SyncsRead,
    connection_id: Id | None = None,
    object: Annotated[Id | None, Query(description="The provider's word: charge")] = None,
    since: Day | None = None,
    until: Annotated[Day | None, Query(description="The last day")] = None,
    only_gaps: Annotated[bool, Query(description="Only days on which something differs")] = False,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[Completeness]:
    """List the newest verdict per object and day, newest day first."""
    after = None if cursor is None else Cursor.decode(cursor, names=2)
    values = {
        "connection_id": connection_id or "", "object": object or "",
        "since": since or date(1970, 1, 1), "until": until or LAST_DAY, "only_gaps": only_gaps,
        "after_on": _day(after), "after_object": after.name[0] if after else "~",
        "after_connection": after.name[1] if after else "~", "limit": limit + 1,
    }  # fmt: skip
    found = scope.rows(_PAGE, values)
    return page_of(found, limit, lambda row: Completeness(**row), _cursor_of)


def _day(after: Cursor | None) -> date:
    day = LAST_DAY if after is None else after.moment.date()
    return min(max(day, date(1970, 1, 1)), LAST_DAY)


def _cursor_of(row: Mapping[str, Any]) -> Cursor:
    at = datetime.combine(row["created_on"], time(), UTC)
    return Cursor(at, (row["object"], row["connection_id"]))
