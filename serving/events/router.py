"""How are events read and replayed? `GET /v1/events`, `POST /v1/events/replay`."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from core.clock import epoch_microseconds
from core.errors import NotFoundError
from serving.auth.scope import EventsRead, EventsWrite
from serving.events import queries, replaying
from serving.events.queries import Provider
from serving.events.schemas import (
    Event,
    EventType,
    EventWithPayload,
    Replay,
    ReplayFilters,
    ReplayRequest,
    ShadowObject,
    event_of,
)
from serving.idempotency import Idempotent
from serving.pagination import Cursor, CursorText, Limit, Page, page_of
from serving.responses import problems
from serving.singling import AmbiguousIdError, the_only_one
from serving.times import LATEST, Moment
from serving.words import Id

router = APIRouter(prefix="/v1/events")


@router.get("", tags=["events"], summary="List events", operation_id="list_events")
def get_events(
    scope: EventsRead,
    provider: Provider = "stripe",
    type: EventType | None = None,
    object_id: Annotated[Id | None, Query(description="Of what it is said")] = None,
    connection_id: Id | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[Event]:
    """List what a provider has said, newest first."""
    after = Cursor(LATEST, ("", "")) if cursor is None else Cursor.decode(cursor, names=2)
    filters = ReplayFilters.model_construct(
        types=[type] if type else [], object_id=object_id, connection_id=connection_id,
        since=since, until=until,
    )  # fmt: skip
    values = replaying.parameters(filters) | {
        "after_at": epoch_microseconds(after.moment), "after_id": after.name[0],
        "after_connection": after.name[1], "limit": limit + 1,
    }  # fmt: skip
    found = scope.rows(queries.page(provider), values)
    return page_of(found, limit, lambda row: event_of(row, provider), _cursor_of)


@router.get(
    "/{event_id}",
    tags=["events"],
    summary="Get an event",
    operation_id="get_event",
    responses=problems(NotFoundError, AmbiguousIdError),
)
def get_event(
    scope: EventsRead,
    event_id: Annotated[Id, Path(examples=["evt_1PqXk2Eexample"])],
    provider: Provider = "stripe",
    connection_id: Annotated[Id | None, Query(description="Where the id is not unique")] = None,
) -> EventWithPayload:
    """Show an event and what was said, byte for byte."""
    values = {"id": event_id, "connection_id": connection_id or ""}
    found = scope.rows(queries.one(provider), values)
    if not found:
        raise NotFoundError(
            f"There is no event {event_id}.", next_step="GET /v1/events lists those there are."
        )
    return EventWithPayload(provider=provider, **the_only_one(found, event_id))


@router.post(
    "/replay",
    tags=["events"],
    summary="Replay events",
    operation_id="replay_events",
    status_code=202,
    response_model=Replay,
)
def post_replay(scope: EventsWrite, request: ReplayRequest, idempotency: Idempotent) -> Response:
    """Apply events again, in place or beside; a dry run only counts them."""
    return idempotency.once(scope, lambda rows: replaying.replay(scope, rows, request), status=202)


@router.get(
    "/replays/{replay_id}/objects",
    tags=["replays"],
    summary="List what a shadow holds",
    operation_id="list_shadow_objects",
    responses=problems(NotFoundError),
)
def get_shadow_objects(
    scope: EventsRead,
    replay_id: Annotated[Id, Path(examples=["replay_8w0c1t7e9b3n6x4q0r2hz5k2m"])],
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[ShadowObject]:
    """List the objects as the replayed events left them."""
    return replaying.shadow_objects(scope, replay_id, limit, cursor)


def _cursor_of(row: Mapping[str, Any]) -> Cursor:
    return Cursor(row["occurred_at"], (row["id"], row["connection_id"]))
