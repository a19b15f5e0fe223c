"""How is a consent that somebody gives elsewhere tied to who asked for it? By a link.

A link is a row of its workspace: the hash of a random state, and sealed, what finishing needs. The
state travels through the provider and back; it names its workspace (which row-level security needs
first), works once and not for long. While the provider is asked, the link is marked as used; only a
provider that did not answer gives it back.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from core.clock import utc_now
from core.database import Rows
from core.errors import NotFoundError, ProviderError
from core.tenancy import new_id
from serving.auth.scope import TenantScope
from serving.connections.states import state_hash

LONGEST = timedelta(hours=1)

_INSERT = """
insert into links (workspace_id, id, provider, state_hash, sealed, actor_kind, actor_id, actor_name,
    created_at, expires_at)
values (%(workspace_id)s, %(id)s, %(provider)s, %(state_hash)s, %(sealed)s, %(actor_kind)s,
    %(actor_id)s, %(actor_name)s, %(now)s, %(expires_at)s)
"""
_USE = """
update links set used_at = %(now)s
where (id = %(id)s or state_hash = %(state_hash)s) and used_at is null and expires_at > %(now)s
    and provider = coalesce(%(provider)s, provider)
returning id, provider, sealed
"""
_GIVE_BACK = "update links set used_at = null where id = %s"
_FORGET = "delete from links where expires_at < %s"


class UnknownLinkError(NotFoundError):
    """No such link, or it was used, or it is too old."""

    code = "unknown_link"
    title = "The link does not work"


@dataclass(frozen=True, slots=True)
class Link:
    """A consent under way.

    Attributes:
        id: Its name for callers.
        provider: Who is asked.
        redirect_url: Where the user returns to in the end.
        connection_id: Which connection is renewed; empty for a new one.
        name: What to call the new connection; empty for the account's own name.
        kept: What the provider's flow needs back.
    """

    id: str
    provider: str
    redirect_url: str
    connection_id: str = ""
    name: str = ""
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)


def keep(
    scope: TenantScope, rows: Rows, link: Link, *, state: str, expires_at: datetime
) -> datetime:
    """Store a link; return when it ends."""
    now = utc_now()
    ends_at = min(expires_at, now + LONGEST)
    rows.execute(_FORGET, [now - LONGEST])
    sealed = scope.seal(json.dumps(asdict(link)), purpose=f"link|{link.id}")
    rows.execute(
        _INSERT,
        {
            "workspace_id": str(scope.tenant), "id": link.id, "provider": link.provider,
            "state_hash": state_hash(state), "sealed": sealed, "now": now, "expires_at": ends_at,
            "actor_kind": scope.principal.kind, "actor_id": scope.principal.id,
            "actor_name": scope.principal.name,
        },
    )  # fmt: skip
    return ends_at


@contextmanager
def used(
    scope: TenantScope, *, link_id: str = "", state: str = "", provider: str | None = None
) -> Iterator[Link]:
    """Use a link, by its id or its state; it works again only if the provider did not answer.

    Raises:
        UnknownLinkError: The workspace has no such link, of this provider, that still works.
    """
    asked = {
        "id": link_id, "state_hash": state_hash(state), "now": utc_now(), "provider": provider,
    }  # fmt: skip
    with scope.transaction() as rows:
        row = rows.execute(_USE, asked).fetchone()
    if row is None:
        raise UnknownLinkError(
            "There is no such link of this provider, or it was used, or it is too old.",
            next_step="POST /v1/connections/link starts anew.",
        )
    body = json.loads(scope.unseal(row["sealed"], purpose=f"link|{row['id']}"))
    try:
        yield Link(**body)
    except ProviderError:
        with scope.transaction() as rows:
            rows.execute(_GIVE_BACK, [row["id"]])
        raise


def new_link_id() -> str:
    """Return a new id."""
    return new_id("link")
