"""What does a row of the endpoint table mean? One list endpoint of Stripe, as data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# How an endpoint is read in a backfill:
#   list        page by page, newest first; in windows of `created` where Stripe filters on it
#   part        as list, but only some of what another list shows: once a day beside it, since no
#               event tells of those; a backfill reads them from the whole list
#   children    once per parent, right after the page that names the parent
#   completed   Stripe embeds the first page in the parent; the rest is fetched when `has_more`
#   on_request  as children, but only when `objects` names it: it costs a request per parent
#   excluded    never, for the stated reason
Sync = Literal["list", "part", "children", "completed", "on_request", "excluded"]

# How later changes are seen by an incremental run:
#   events      an event carries the object whenever it is created, changed or removed
#   created     no events: new ones by `created`, late changes by a daily look back
#   relist      no events and few objects: listed again once a day
#   parent      with its parent
Updates = Literal["events", "created", "relist", "parent"]

_PLACEHOLDER = re.compile(r"\{[^}]+\}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One list endpoint.

    Attributes:
        path: Its path, with a placeholder for the parent's id.
        object: The `object` of its items; items may carry another declared one (cards, sources).
        group: The asset group that it belongs to.
        created: Stripe filters the list on `created`, so that windows can be read side by side.
        parent: The object whose ids it is walked by.
        parent_parameter: The query parameter that names the parent, if the path does not.
        embedded: The parent's field that holds its first page.
        parent_key: The parent's field that holds the id to walk by, where it is not its own.
        needs: The parent's field that must be set for the walk to find anything, or have been until
            an event changed it.
        parameters: Fixed query parameters.
        part: What a list of a part is called, beside its object, in what a connection remembers.
        expand: The item's field to be sent whole instead of by id.
        keyed_by_parent: Items do not say whose they are, or their ids are unique only within the
            parent: a row's id is `<parent id>/<id>`.
        immutable: Objects never change once created.
        retrieve: The path of one object, with fields of the object as placeholders; empty if
            Stripe offers none.
        reason: Why it is not simply listed.
    """

    path: str
    object: str
    group: str
    sync: Sync = "list"
    updates: Updates = "events"
    created: bool = False
    parent: str = ""
    parent_parameter: str = ""
    parent_key: str = ""
    embedded: str = ""
    needs: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    part: str = ""
    expand: str = ""
    keyed_by_parent: bool = False
    immutable: bool = False
    retrieve: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        """What `objects` calls it: the object, or for an endpoint on request its path."""
        return self.path.removeprefix("/v1/") if self.sync == "on_request" else self.object

    @property
    def key(self) -> str:
        """Under which name a connection remembers what is left of the list."""
        return f"{self.object}:{self.part}" if self.part else self.object

    @property
    def resource(self) -> str:
        """The object's name where dots may not stand: dlt resource and table suffix."""
        return self.object.replace(".", "_")

    @property
    def is_walked(self) -> bool:
        """Its items are read with the parent's page."""
        return self.sync in ("children", "completed", "on_request")

    def path_of(self, parent_id: str) -> str:
        """Return the path for one parent."""
        return _PLACEHOLDER.sub(parent_id, self.path, count=1)

    def query(self, parent_id: str = "") -> dict[str, str]:
        """Return the list's fixed query parameters, the parent's included."""
        query = dict(self.parameters)
        if self.expand:
            query["expand[]"] = f"data.{self.expand}"
        if self.parent_parameter:
            query[self.parent_parameter] = parent_id
        return query
