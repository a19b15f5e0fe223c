"""Where are people's sessions kept? In Postgres, hashed, seen only by whoever shows the token.

A session ends by itself 12 hours after its last use and 7 days after sign-in. It is asked for on
every request, so that signing out holds at once, on every worker.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.database import Database, Rows, bind
from core.tenancy import TenantId, new_id
from core.tokens import hash_token, new_token
from serving.auth.permissions import Role

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
Method = Literal["code", "oidc"]

_INSERT = """
insert into sessions (id, user_id, token_hash, method, created_at, last_used_at, expires_at)
values (%(id)s, %(user_id)s, %(token_hash)s, %(method)s, %(now)s, %(now)s, %(expires_at)s)
"""
_IS_OPEN = """
sessions.token_hash = %(token_hash)s and sessions.ended_at is null
and sessions.expires_at > %(now)s and sessions.last_used_at > %(idle_since)s
"""
# Last use is kept to the minute: a write per request would cost more than the request.
_TOUCH = """
update sessions set last_used_at = %(now)s
where token_hash = %(token_hash)s and last_used_at < %(now)s - interval '1 minute'
"""
_PERSON = f"""
select sessions.id as session_id, sessions.user_id, sessions.expires_at
from sessions where {_IS_OPEN}
"""
_MEMBERSHIP = f"""
select members.id as member_id, members.email, members.role, sessions.expires_at,
    (select requests_per_minute from workspaces where id = %(workspace_id)s) as workspace_limit
from sessions
join members on members.user_id = sessions.user_id and members.workspace_id = %(workspace_id)s
where {_IS_OPEN}
"""
_FORGET = "delete from sessions where user_id = %s and least(expires_at, ended_at) < %s"


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that opens something, as its person sees it."""

    session_id: str
    user_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Membership:
    """A session that opens a workspace."""

    member_id: str
    email: str
    role: Role
    expires_at: datetime
    workspace_limit: int | None


def start_session(
    rows: Rows, user_id: str, method: Method, *, secret: str, now: datetime
) -> tuple[str, datetime]:
    """Start a session in a transaction that is bound to the person; return its token and end."""
    token, expires_at = new_token(), now + LONGEST
    rows.execute(_FORGET, [user_id, now - LONGEST])
    values = {
        "id": new_id("ses"), "user_id": user_id, "token_hash": hash_token(token, secret),
        "method": method, "now": now, "expires_at": expires_at,
    }  # fmt: skip
    rows.execute(_INSERT, values)
    return token, expires_at


def find_session(
    database: Database, token: str, *, secret: str, now: datetime
) -> OpenSession | None:
    """Return whose session it is; None if it opens nothing (any more)."""
    token_hash = hash_token(token, secret)
    with database.person(lookup=token_hash.hex()) as rows:
        row = rows.execute(_PERSON, _moment(token_hash, now)).fetchone()
        if row is None:
            return None
        rows.execute(_TOUCH, {"token_hash": token_hash, "now": now})
    return OpenSession(**row)


def find_membership(
    database: Database, tenant: TenantId, token: str, *, secret: str, now: datetime
) -> Membership | None:
    """Return what the session is in a workspace; None if it does not open it."""
    token_hash = hash_token(token, secret)
    with database.tenant(tenant, lookup=token_hash.hex()) as rows:
        values = {**_moment(token_hash, now), "workspace_id": str(tenant)}
        row = rows.execute(_MEMBERSHIP, values).fetchone()
        if row is None:
            return None
        rows.execute(_TOUCH, {"token_hash": token_hash, "now": now})
    return Membership(**{**row, "role": Role(row["role"])})


def end_session(rows: Rows, token: str, *, secret: str, now: datetime) -> str | None:
    """End one session, within any transaction; return whose it was, None if it had ended."""
    token_hash = hash_token(token, secret)
    bind(rows, lookup=token_hash.hex())
    row = rows.execute(
        "update sessions set ended_at = %s where token_hash = %s and ended_at is null"
        " returning user_id",
        [now, token_hash],
    ).fetchone()
    return None if row is None else str(row["user_id"])


def end_all_sessions(rows: Rows, user_id: str, *, now: datetime) -> int:
    """End every session of a person, in a transaction that is bound to them; return how many."""
    ended = rows.execute(
        "update sessions set ended_at = %s where user_id = %s and ended_at is null and"
        " expires_at > %s",
        [now, user_id, now],
    )
    return ended.rowcount


def _moment(token_hash: bytes, now: datetime) -> dict[str, object]:
    return {"token_hash": token_hash, "now": now, "idle_since": now - IDLE}
