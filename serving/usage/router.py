"""How does a workspace see its use of the API? `GET /v1/usage`, by day, caller and class."""

from datetime import date, timedelta
from typing import Annotated

import redis
from fastapi import APIRouter, Depends, Query, Request

from core.clock import utc_now
from core.errors import InvalidInputError
from serving.auth.scope import WorkspaceRead
from serving.pagination import CursorText, Limit, decode_position, encode_position
from serving.rate_limits import DEGRADED_HEADER, RateLimiter, RouteClass
from serving.times import Day
from serving.usage import queries
from serving.usage.book import UsageBook
from serving.usage.quotas import quota_windows
from serving.usage.schemas import Quota, Usage, UsageRow
from serving.words import Id

router = APIRouter(prefix="/v1/usage", tags=["usage"])

USUAL_DAYS = 30


def _book(request: Request) -> UsageBook:
    book: UsageBook = request.state.usage
    return book


def _limiter(request: Request) -> RateLimiter:
    limiter: RateLimiter = request.state.limiter
    return limiter


Book = Annotated[UsageBook, Depends(_book)]
Limiter = Annotated[RateLimiter, Depends(_limiter)]


@router.get("", summary="See the use of the API", operation_id="list_usage")
def get_usage(
    scope: WorkspaceRead,
    book: Book,
    limiter: Limiter,
    since: Annotated[
        Day | None, Query(description=f"First day; default: {USUAL_DAYS} days back")
    ] = None,
    until: Annotated[
        Day | None, Query(description="Day after the last; default: tomorrow, so that today is in")
    ] = None,
    caller_id: Annotated[Id | None, Query(description="Of one key or member")] = None,
    route_class: Annotated[RouteClass | None, Query(examples=["read"])] = None,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Usage:
    """Show how often the workspace asked, and what is left of its quotas."""
    today = utc_now().date()
    day, caller, of = str(date.max), "", ""
    if cursor is not None:
        day, caller, of = decode_position(cursor, str, str, str)
    values = {
        "since": since or today - timedelta(days=USUAL_DAYS), "until": until or date.max,
        "caller_id": caller_id, "route_class": route_class, "limit": limit + 1,
        "is_first": cursor is None, "after_day": _day(day), "after_caller": caller,
        "after_class": of,
    }  # fmt: skip
    try:
        book.settle(scope.tenant)
    except redis.RedisError:
        scope.answer_with(DEGRADED_HEADER, "the last minute's requests are missing")
    with scope.transaction() as rows:
        found = rows.execute(queries.PAGE, values).fetchall()
        quotas = quota_windows(rows, scope.tenant)
    shown = [UsageRow(**row) for row in found[:limit]]
    has_more = len(found) > limit
    last = shown[-1] if has_more else None
    return Usage(
        data=shown,
        has_more=has_more,
        next_cursor=last and encode_position(str(last.day), last.caller_id, last.route_class),
        quotas=[
            Quota(quota=name, limit=window.limit, left=limiter.left(window))
            for name, window in quotas.items()
        ],
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(
            "The cursor is not one that this list has given.",
            next_step="Send next_cursor as it was received, or leave it out to start over.",
        ) from None
