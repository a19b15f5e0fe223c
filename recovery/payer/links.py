"""How does a payer reach their page? By a token in a link: 256 random bits, kept as a keyed hash.

Opening a link changes nothing, so that mail scanners may open it too; what changes something is a
form's POST. A link is good for one purpose and for as long as its debt may take to be paid.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.database import Database, Rows
from core.tokens import hash_token, new_token

Purpose = Literal["pay", "unsubscribe"]
LIFETIME = {"pay": timedelta(days=45), "unsubscribe": timedelta(days=400)}

_INSERT = """
insert into recovery_links (workspace_id, token_hash, purpose, episode_id, language, channel,
    address_hash, created_at, expires_at)
values (%(workspace_id)s, %(token_hash)s, %(purpose)s, %(episode_id)s, %(language)s, %(channel)s,
    %(address_hash)s, %(now)s, %(expires_at)s)
"""
_FIND = """
select workspace_id, purpose, episode_id, language, channel, address_hash, expires_at
from recovery_links where token_hash = %s
"""


@dataclass(frozen=True, slots=True)
class Link:
    """What a token opens. `address_hash` names whom it was sent to, as suppressions do."""

    workspace_id: str
    purpose: Purpose
    episode_id: str
    language: str
    channel: str
    address_hash: str
    expires_at: datetime


def make_link(rows: Rows, link: Link, *, secret: str, now: datetime) -> str:
    """Keep a link in an open transaction and return its token."""
    token = new_token()
    values = {
        "workspace_id": link.workspace_id, "token_hash": hash_token(token, secret),
        "purpose": link.purpose, "episode_id": link.episode_id, "language": link.language,
        "channel": link.channel, "address_hash": link.address_hash, "now": now,
        "expires_at": link.expires_at,
    }  # fmt: skip
    rows.execute(_INSERT, values)
    return token


def find_link(
    database: Database, token: str, purpose: Purpose, *, secret: str, now: datetime
) -> Link | None:
    """Return what a token opens; None where it opens nothing, for something else, or no longer."""
    token_hash = hash_token(token, secret)
    with database.person(lookup=token_hash.hex()) as rows:
        row = rows.execute(_FIND, [token_hash]).fetchone()
    if row is None:
        return None
    link = Link(**row)
    return link if link.purpose == purpose and now < link.expires_at else None
