"""How are API keys managed? List, create, rotate with overlap, revoke."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Response

from core.errors import ConflictError, NotFoundError
from serving.api_keys import actions
from serving.api_keys.schemas import KeyRecord, KeyRequest, NewKey, RotationRequest, record_of
from serving.auth.key_store import page_keys
from serving.auth.scope import ApiKeysRead, ApiKeysWrite
from serving.idempotency import Idempotent
from serving.pagination import Cursor, CursorText, Limit, Page
from serving.responses import problems
from serving.times import LATEST
from serving.words import Id

router = APIRouter(prefix="/v1/api_keys", tags=["API keys"])

KeyId = Annotated[Id, Path(examples=["key_9b3n6x4q0r2hz5k2m8w0c1t7e"])]


@router.get("", summary="List API keys", operation_id="list_api_keys")
def get_keys(scope: ApiKeysRead, limit: Limit = 100, cursor: CursorText = None) -> Page[KeyRecord]:
    """List the workspace's keys, newest first, those included that work no more."""
    after = Cursor(LATEST, ("",)) if cursor is None else Cursor.decode(cursor, names=1)
    with scope.transaction() as rows:
        found = page_keys(rows, (after.moment, after.name[0]), limit + 1)
    shown = [record_of(key) for key in found[:limit]]
    has_more = len(found) > limit
    last = Cursor(shown[-1].created_at, (shown[-1].id,)).encode() if has_more else None
    return Page(data=shown, has_more=has_more, next_cursor=last)


@router.post(
    "",
    summary="Create an API key",
    operation_id="create_api_key",
    status_code=201,
    response_model=NewKey,
    responses=problems(ConflictError),
)
def post_key(scope: ApiKeysWrite, request: KeyRequest, idempotency: Idempotent) -> Response:
    """Create a key with at most the caller's own permissions. The key is shown this once."""
    return idempotency.once(scope, lambda rows: actions.create(scope, rows, request), status=201)


@router.post(
    "/{key_id}/rotate",
    summary="Rotate an API key",
    operation_id="rotate_api_key",
    status_code=201,
    response_model=NewKey,
    responses=problems(NotFoundError, ConflictError),
)
def post_rotation(
    scope: ApiKeysWrite, key_id: KeyId, request: RotationRequest, idempotency: Idempotent
) -> Response:
    """Make a key with the same name and scopes; the old one works until the overlap ends."""
    overlap = timedelta(seconds=request.overlap_seconds)
    return idempotency.once(
        scope, lambda rows: actions.rotate(scope, rows, key_id, overlap), status=201
    )


@router.delete(
    "/{key_id}",
    summary="Revoke an API key",
    operation_id="revoke_api_key",
    responses=problems(NotFoundError),
)
def delete_key(scope: ApiKeysWrite, key_id: KeyId) -> KeyRecord:
    """End a key: within a second no worker accepts it. Revoking it again changes nothing."""
    with scope.transaction() as rows:
        return actions.revoke(scope, rows, key_id)
