"""What may be done to API keys? Made, rotated, revoked; each noted in the audit log.

No key gives what it does not have: a key may neither make nor rotate one with wider scopes.
"""

from datetime import datetime, timedelta

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, InvalidInputError
from serving.api_keys.schemas import KeyRecord, KeyRequest, NewKey, new_key_of, record_of
from serving.audit_log.entries import record
from serving.auth.key_store import get_key, replace_key, revoke_key
from serving.auth.permissions import refuse_escalation
from serving.auth.scope import TenantScope


def create(scope: TenantScope, rows: Rows, request: KeyRequest) -> NewKey:
    """Make a key.

    Raises:
        EscalationError: It would be able to do more than the caller.
        InvalidInputError: It would be expired from the start.
    """
    refuse_escalation(scope.principal.scopes, request.wanted())
    if request.expires_at is not None and request.expires_at <= utc_now():
        raise InvalidInputError(
            "expires_at lies in the past.", next_step="Send a later moment, or null for never."
        )
    text, key = scope.new_key(
        rows,
        request.name,
        scopes=request.wanted(),
        environment=request.environment,
        expires_at=request.expires_at,
    )
    record(rows, scope, "api_key.created", key.id, name=key.name, scopes=sorted(key.scopes))
    return new_key_of(text, key)


def rotate(scope: TenantScope, rows: Rows, key_id: str, overlap: timedelta) -> NewKey:
    """Make a key like another and let that one end after `overlap`.

    Raises:
        NotFoundError: The workspace has no such key.
        ConflictError: The key works no more, or was rotated before.
        EscalationError: It can do more than the caller.
    """
    now = utc_now()
    old = get_key(rows, key_id)
    if not old.is_usable(now) or old.replaced_by is not None:
        raise ConflictError(
            f"The API key {key_id} was revoked, has expired or was rotated before.",
            next_step="Create a new key.",
        )
    refuse_escalation(scope.principal.scopes, old.scopes)
    text, key = scope.new_key(
        rows, old.name, scopes=old.scopes, environment=old.environment, expires_at=old.expires_at
    )
    ends_at = _earlier(old.expires_at, now + overlap)
    replace_key(rows, old.id, new_id=key.id, expires_at=ends_at)
    record(rows, scope, "api_key.rotated", old.id, to=key.id, ends_at=ends_at.isoformat())
    return new_key_of(text, key)


def revoke(scope: TenantScope, rows: Rows, key_id: str) -> KeyRecord:
    """End a key at once.

    Raises:
        NotFoundError: The workspace has no such key.
    """
    before = get_key(rows, key_id)
    key = revoke_key(rows, key_id, now=utc_now())
    if before.revoked_at is None:
        record(rows, scope, "api_key.revoked", key.id, name=key.name)
    return record_of(key)


def _earlier(left: datetime | None, right: datetime) -> datetime:
    return right if left is None else min(left, right)
