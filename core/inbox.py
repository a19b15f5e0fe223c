"""What has arrived and must be applied? The inbox: a log in Postgres, each workspace's in order.

Deliveries are appended by the API, refetched objects and missed events by the worker; `append` is
one statement and one transaction, whatever the number of entries and workspaces. An event that the
connection has had already is not added again. Readers: `pipelines/inbox/`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["event", "object"]
Origin = Literal["webhook", "poll", "replay"]

# For `execute` of a synchronous or an asynchronous cursor alike.
APPEND = """
select append_to_inbox(%(workspaces)b::text[], %(providers)b::text[], %(connections)b::text[],
    %(kinds)b::text[], %(event_ids)b::text[], %(origins)b::text[], %(objects)b::text[],
    %(object_ids)b::text[], %(versions)b::bigint[], %(deletions)b::boolean[],
    %(payloads)b::bytea[]) as added
"""
# The same for events as they were delivered, whose other columns are all alike: less to send.
APPEND_DELIVERED = """
select append_to_inbox(%(workspaces)b::text[], %(providers)b::text[], %(connections)b::text[],
    array_fill('event'::text, size), %(event_ids)b::text[], array_fill('webhook'::text, size),
    array_fill(''::text, size), array_fill(''::text, size), array_fill(0::bigint, size),
    array_fill(false, size), %(payloads)b::bytea[]) as added
from (select array[cardinality(%(event_ids)b::text[])] as size) as sizes
"""
CHANNEL = "inbox"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One entry to append.

    Attributes:
        workspace_id: Whose it is.
        provider: Who sent it.
        connection_id: The account it is about; empty where the sender named one that is unknown.
        event_id: The sender's id of it, or a digest; what makes a repetition one.
        payload: The body, byte for byte.
        kind: An event, or (of our own making) an object as it was read after an event.
        origin: How it came.
        object: Of an object: its type, as in `raw.<provider>_<object>`.
        object_id: Of an object: its id.
        version: Of an object: its raw row's version.
        is_deleted: Of an object: it is gone.
    """

    workspace_id: str
    provider: str
    connection_id: str
    event_id: str
    payload: bytes
    kind: Kind = "event"
    origin: Origin = "webhook"
    object: str = ""
    object_id: str = ""
    version: int = 0
    is_deleted: bool = False


def delivered_values(arrivals: Sequence[Arrival]) -> Mapping[str, Any]:
    """Return the values of `APPEND_DELIVERED`."""
    return {
        "workspaces": [one.workspace_id for one in arrivals],
        "providers": [one.provider for one in arrivals],
        "connections": [one.connection_id for one in arrivals],
        "event_ids": [one.event_id for one in arrivals],
        "payloads": [one.payload for one in arrivals],
    }


def append_values(arrivals: Sequence[Arrival]) -> Mapping[str, Any]:
    """Return the values of `APPEND`."""
    return {
        **delivered_values(arrivals),
        "kinds": [one.kind for one in arrivals],
        "origins": [one.origin for one in arrivals],
        "objects": [one.object for one in arrivals],
        "object_ids": [one.object_id for one in arrivals],
        "versions": [one.version for one in arrivals],
        "deletions": [one.is_deleted for one in arrivals],
    }
