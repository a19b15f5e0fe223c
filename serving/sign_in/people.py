"""Who has signed in? The person behind a proven address: found or made, joined to workspaces.

One transaction, one person at a time: their account, the issuer's name for them, the memberships
that waited for their address, a workspace of their own if nobody invited them, and the session.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.database import Database, Rows, bind
from core.errors import ForbiddenError
from core.tenancy import TenantId, new_id
from serving.audit_log.entries import record_by_member
from serving.auth.session_store import Method, end_session, start_session
from serving.sign_in.memberships import create_workspace, memberships_of

_LINK = """
update members set user_id = %(user_id)s, updated_at = %(now)s
where workspace_id = %(workspace_id)s and email = %(email)s and user_id is null
returning id, email
"""


class AddressTakenError(ForbiddenError):
    """The issuer knows two people by one address."""

    code = "address_taken"
    title = "This address belongs to another account"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a sign-in has proven.

    Attributes:
        address: A verified address, in lower case.
        method: How it was proven.
        issuer: Who says so, with its own `subject`; both empty for a mailed code.
    """

    address: str
    method: Method
    name: str = ""
    issuer: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has begun."""

    user_id: str
    token: str
    expires_at: datetime


def sign_in(
    database: Database,
    proof: Proof,
    *,
    is_invited: bool,
    earlier_token: str,
    request_id: str,
    secret: str,
    now: datetime,
) -> SignedIn:
    """Begin a session for whoever was proven.

    Args:
        database: Postgres, under the application's role.
        proof: What the sign-in has proven.
        is_invited: Whether an invitation waits, so that a new person needs no workspace.
        earlier_token: The browser's session until now, which ends.
        request_id: For the audit log.
        secret: `settings.api_key_secret`.
        now: The moment.

    Raises:
        AddressTakenError: The issuer knew the address's account by another subject.
    """
    with database.person() as rows:
        rows.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [proof.address])
        user, is_new = _find_or_make(rows, proof, now)
        _link_memberships(rows, user, request_id, now)
        bind(rows, user_id=user["id"])
        memberships = memberships_of(rows, user["id"])
        if is_new and not memberships and not is_invited:
            label = user["name"] or user["email"].partition("@")[0]
            create_workspace(rows, user, f"{label}'s workspace"[:100], request_id, now)
        if earlier_token:
            end_session(rows, earlier_token, secret=secret, now=now)
        bind(rows, user_id=user["id"])
        token, expires_at = start_session(rows, user["id"], proof.method, secret=secret, now=now)
        note_everywhere(rows, user["id"], "session.started", request_id, method=proof.method)
    return SignedIn(user["id"], token, expires_at)


def note_everywhere(rows: Rows, user_id: str, action: str, request_id: str, **details: Any) -> None:
    """Write what a person did into the audit log of each workspace of theirs."""
    bind(rows, user_id=user_id)
    for membership in memberships_of(rows, user_id):
        tenant = TenantId(membership["workspace_id"])
        bind(rows, tenant=tenant)
        record_by_member(
            rows, tenant, membership, action, membership["id"], request_id=request_id, **details
        )


def _find_or_make(rows: Rows, proof: Proof, now: datetime) -> tuple[dict[str, Any], bool]:
    known = _by_identity(rows, proof)
    if known is not None:
        return known, False
    bind(rows, lookup=proof.address)
    user = rows.execute(
        "select id, email, name from users where email = %s", [proof.address]
    ).fetchone()
    is_new = user is None
    if user is None:
        user = {"id": new_id("usr"), "email": proof.address, "name": proof.name[:100]}
        bind(rows, user_id=user["id"])
        rows.execute(
            "insert into users (id, email, name, created_at) values (%s, %s, %s, %s)",
            [user["id"], user["email"], user["name"], now],
        )
    if proof.issuer:
        _add_identity(rows, user, proof, now)
    return user, is_new


def _by_identity(rows: Rows, proof: Proof) -> dict[str, Any] | None:
    """Return the account that the issuer's subject signed in to before, whatever its address."""
    if not proof.issuer:
        return None
    bind(rows, lookup=f"{proof.issuer} {proof.subject}")
    found = rows.execute(
        "select user_id from identities where issuer = %s and subject = %s",
        [proof.issuer, proof.subject],
    ).fetchone()
    if found is None:
        return None
    bind(rows, user_id=found["user_id"])
    return rows.execute(
        "select id, email, name from users where id = %s", [found["user_id"]]
    ).fetchone()


def _add_identity(rows: Rows, user: Mapping[str, Any], proof: Proof, now: datetime) -> None:
    bind(rows, user_id=user["id"])
    added = rows.execute(
        "insert into identities (issuer, subject, user_id, created_at) values (%s, %s, %s, %s)"
        " on conflict (user_id, issuer) do nothing",
        [proof.issuer, proof.subject, user["id"], now],
    )
    if added.rowcount == 0:
        # An address that was given to somebody else must not open the former holder's account.
        raise AddressTakenError(
            "The issuer knew this address's account as somebody else.",
            next_step="Ask whoever runs this installation.",
        )


def _link_memberships(rows: Rows, user: Mapping[str, Any], request_id: str, now: datetime) -> None:
    bind(rows, lookup=user["email"])
    waiting = rows.execute(
        "select workspace_id from members where email = %s and user_id is null", [user["email"]]
    ).fetchall()
    for row in waiting:
        tenant = TenantId(row["workspace_id"])
        bind(rows, tenant=tenant)
        values = {
            "user_id": user["id"], "email": user["email"], "workspace_id": str(tenant), "now": now,
        }  # fmt: skip
        member = rows.execute(_LINK, values).fetchone()
        if member is not None:
            record_by_member(
                rows, tenant, member, "member.joined", member["id"], request_id=request_id
            )
