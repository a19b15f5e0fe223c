"""Who sent this request of /v1? Whoever its key or, without one, its session proves."""

from fastapi import Request

from core.clock import utc_now
from core.errors import InvalidInputError
from core.tenancy import TenantId
from serving.auth.cookies import read_cookie
from serving.auth.csrf import CSRF_HEADER, SAFE_METHODS, refuse_forgery
from serving.auth.key_cache import KeyCache
from serving.auth.keys import is_well_formed
from serving.auth.principal import Principal, principal_of_key, principal_of_member
from serving.auth.refusals import InvalidKeyError, InvalidSessionError
from serving.auth.session_store import find_membership
from serving.engines import Engines

WORKSPACE_HEADER = "X-Workspace-Id"


def prove_caller(
    request: Request, bearer: str | None, workspace: str | None
) -> tuple[TenantId, Principal]:
    """Return the workspace that the request names and who sent it.

    Raises:
        InvalidKeyError: There is no usable key of this workspace, and no session.
        InvalidSessionError: The session does not open this workspace.
        ForgedRequestError: Another site's page may have sent it.
    """
    engines: Engines = request.state.engines
    token = read_cookie(request, engines.settings, "session")
    if bearer is None and not token:
        raise InvalidKeyError("The request carries no API key.")
    tenant = _named_workspace(workspace)
    if bearer is not None:
        return tenant, _by_key(request.state.keys, tenant, bearer)
    principal = prove_member(engines, tenant, token)
    if request.method not in SAFE_METHODS:
        refuse_forgery(
            request,
            engines.settings,
            anchor=token,
            token=request.headers.get(CSRF_HEADER, ""),
            secret=engines.api_key_secret,
        )
    return tenant, principal


def prove_member(engines: Engines, tenant: TenantId, token: str) -> Principal:
    """Return the member that a session is in a workspace.

    Raises:
        InvalidSessionError: It does not open this workspace.
    """
    found = find_membership(
        engines.database, tenant, token, secret=engines.api_key_secret, now=utc_now()
    )
    if found is None:
        raise InvalidSessionError
    return principal_of_member(found)


def _by_key(keys: KeyCache, tenant: TenantId, text: str) -> Principal:
    if not is_well_formed(text):
        raise InvalidKeyError("The API key is mistyped or cut: its checksum does not fit.")
    key = keys.find(tenant, text)
    if key is None:
        raise InvalidKeyError("The workspace knows no such API key.")
    if not key.is_usable(utc_now()):
        raise InvalidKeyError("The API key has expired or was revoked.")
    return principal_of_key(key)


def _named_workspace(text: str | None) -> TenantId:
    if not text:
        raise InvalidKeyError(f"The request names no workspace ({WORKSPACE_HEADER}).")
    try:
        return TenantId(text)
    except InvalidInputError as error:
        raise InvalidKeyError(error.detail) from None
