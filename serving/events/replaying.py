"""How are events replayed? Counted, put into the inbox again, or folded into a shadow.

A replay is one request's work, so it is bounded; a longer span is several replays. In place, the
worker applies the events like all others: by version, so that nothing newer is undone.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from core.clock import epoch_microseconds, utc_now
from core.database import Rows
from core.errors import InvalidInputError, NotFoundError
from core.inbox import APPEND, Arrival, append_values
from core.tenancy import new_id
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.events import queries
from serving.events.schemas import Replay, ReplayFilters, ReplayRequest, ShadowObject, TypeCount
from serving.pagination import Page, decode_position, encode_position
from serving.times import EARLIEST, LATEST

MOST_EVENTS = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Data(msgspec.Struct):
    object: msgspec.Raw


class _Event(msgspec.Struct):
    data: _Data


_EVENT = msgspec.json.Decoder(_Event)


class TooManyEventsError(InvalidInputError):
    """The filters cover more events than one replay takes."""

    code = "too_many_events"
    title = "Too many events for one replay"


def replay(scope: TenantScope, rows: Rows, request: ReplayRequest) -> Replay:
    """Count, and unless it is a dry run, replay.

    Raises:
        TooManyEventsError: The filters cover too many.
    """
    values = parameters(request)
    found = scope.rows(queries.counts(request.provider), values)
    by_type = [TypeCount(**row) for row in found]
    events = sum(one.events for one in by_type)
    replay_id = None
    if not request.dry_run:
        if events > MOST_EVENTS:
            raise TooManyEventsError(
                f"{events:,} events fit, a replay takes {MOST_EVENTS:,}.",
                next_step="Replay shorter spans (since, until), one after the other.",
            )
        replay_id = new_id("replay")
        rows.execute(
            queries.KEEP_REPLAY,
            {
                "workspace_id": str(scope.tenant), "id": replay_id, "provider": request.provider,
                "target": request.target, "events": events, "now": utc_now(),
                "objects": sum(one.objects for one in by_type),
                "filters": Jsonb(request.model_dump(mode="json")),
            },
        )  # fmt: skip
        take = _again if request.target == "in_place" else _beside
        take(scope, rows, request, replay_id, values | {"limit": MOST_EVENTS})
        record(rows, scope, "events.replayed", replay_id, into=request.target, events=events)
    return Replay(
        id=replay_id,
        provider=request.provider,
        target=request.target,
        dry_run=request.dry_run,
        events=events,
        objects=sum(one.objects for one in by_type),
        by_type=by_type,
    )


def shadow_objects(
    scope: TenantScope, replay_id: str, limit: int, cursor: str | None
) -> Page[ShadowObject]:
    """List what a shadow holds.

    Raises:
        NotFoundError: The workspace has no such replay.
    """
    after = ("", "", "") if cursor is None else decode_position(cursor, str, str, str)
    values = {
        "replay_id": replay_id, "after_connection": after[0], "after_object": after[1],
        "after_id": after[2], "limit": limit + 1,
    }  # fmt: skip
    with scope.transaction() as rows:
        if rows.execute(queries.REPLAY, [replay_id]).fetchone() is None:
            raise NotFoundError(
                f"There is no replay {replay_id}.", next_step="POST /v1/events/replay makes one."
            )
        found = rows.execute(queries.SHADOW, values).fetchall()
    has_more, found = len(found) > limit, found[:limit]
    last = found[-1] if found else None
    return Page(
        data=[
            ShadowObject(
                **{name: row[name] for name in ("connection_id", "object", "id", "is_deleted")},
                state_at=_EPOCH + timedelta(microseconds=row["version"]),
                payload=row["payload"],
            )
            for row in found
        ],
        has_more=has_more,
        next_cursor=encode_position(last["connection_id"], last["object"], last["id"])
        if has_more and last
        else None,
    )


def parameters(filters: ReplayFilters) -> dict[str, Any]:
    """Return the values of the queries."""
    return {
        "ids": filters.ids,
        "types": filters.types,
        "object_id": filters.object_id or "",
        "connection_id": filters.connection_id or "",
        "since": epoch_microseconds(filters.since or EARLIEST),
        "until": epoch_microseconds(filters.until or LATEST),
    }


def _again(
    scope: TenantScope, rows: Rows, request: ReplayRequest, replay_id: str, values: dict[str, Any]
) -> None:
    found = scope.rows(queries.payloads(request.provider), values)
    arrivals = [
        Arrival(
            str(scope.tenant), request.provider, row["connection_id"],
            f"{row['id']}#{replay_id}", row["payload"].encode(), origin="replay",
        )
        for row in found
    ]  # fmt: skip
    if arrivals:
        rows.execute(APPEND, append_values(arrivals))


def _beside(
    scope: TenantScope, rows: Rows, request: ReplayRequest, replay_id: str, values: dict[str, Any]
) -> None:
    found = scope.rows(queries.states(request.provider), values)
    objects = [_EVENT.decode(row["newest"][1]).data.object for row in found]
    rows.execute(
        queries.KEEP_STATES,
        {
            "workspace_id": str(scope.tenant),
            "replay_id": replay_id,
            "connections": [row["connection_id"] for row in found],
            "objects": [row["object"] for row in found],
            "ids": [row["id"] for row in found],
            "versions": [row["newest_version"] for row in found],
            "deletions": [_is_removal(row["newest"][0]) for row in found],
            "payloads": [bytes(one).decode() for one in objects],
        },
    )


def _is_removal(event_type: str) -> bool:
    # A canceled subscription outlives its event.
    return event_type.endswith(".deleted") and event_type != "customer.subscription.deleted"
