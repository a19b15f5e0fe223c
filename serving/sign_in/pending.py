"""Which sign-ins have begun and not ended? One row each, found by its browser's cookie alone.

The cookie's token is stored hashed. A row serves once, for ten minutes, and is deleted a day later.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.database import Database, Rows
from core.tenancy import new_id
from core.tokens import hash_token

OPEN = timedelta(minutes=10)

_INSERT = """
insert into sign_ins
    (id, token_hash, address, asked_by, code_hash, sealed_secrets, created_at, expires_at)
values (%(id)s, %(token_hash)s, %(address)s, %(asked_by)s, %(code_hash)s, %(sealed_secrets)s,
    %(now)s, %(expires_at)s)
"""
_OPEN = """
select id, address, code_hash, sealed_secrets, attempts from sign_ins
where token_hash = %(token_hash)s and completed_at is null and expires_at > %(now)s
"""


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """A sign-in that waits for its proof."""

    id: str
    address: str
    code_hash: bytes | None
    sealed_secrets: str
    attempts: int


def insert_pending(
    rows: Rows,
    token_hash: bytes,
    *,
    now: datetime,
    sign_in_id: str = "",
    address: str = "",
    asked_by: str = "",
    code_hash: bytes | None = None,
    sealed_secrets: str = "",
) -> None:
    """Begin a sign-in in a transaction that is bound to its address or its token's hash."""
    values = {
        "id": sign_in_id or new_id("sin"), "token_hash": token_hash, "address": address,
        "asked_by": asked_by, "code_hash": code_hash, "sealed_secrets": sealed_secrets, "now": now,
        "expires_at": now + OPEN,
    }  # fmt: skip
    rows.execute(_INSERT, values)


def find_pending(
    database: Database, token: str, *, secret: str, now: datetime
) -> PendingSignIn | None:
    """Return the sign-in that the browser has begun; None if it has none that is open."""
    token_hash = hash_token(token, secret)
    with database.person(lookup=token_hash.hex()) as rows:
        row = rows.execute(_OPEN, {"token_hash": token_hash, "now": now}).fetchone()
    return None if row is None else PendingSignIn(**row)


def complete_pending(rows: Rows, token_hash: bytes, *, now: datetime) -> bool:
    """Use a sign-in up, in a transaction bound to its token's hash; False if it was already."""
    done = rows.execute(
        "update sign_ins set completed_at = %(now)s where token_hash = %(token_hash)s"
        " and completed_at is null and expires_at > %(now)s",
        {"now": now, "token_hash": token_hash},
    )
    return done.rowcount == 1


def forget_expired(database: Database) -> None:
    """Delete what expired a day ago: the policy shows nothing else to a transaction of nobody's."""
    with database.person() as rows:
        rows.execute("delete from sign_ins")
