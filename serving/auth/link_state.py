"""Who comes back from a provider? Whoever carries the state of a consent that we started.

A browser that a provider sends back has no key and, coming from another site, no session. The state
is its credential: it names its workspace, so that row-level security binds the look-up, and it may
finish its own link and nothing else, in the name of the key or member who started it, as long as
that key or member may still make connections.
"""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyQuery

from core.clock import utc_now
from core.errors import InvalidInputError, UnauthenticatedError
from core.tenancy import TenantId
from serving.auth.permissions import TABLE, Permission
from serving.auth.principal import Principal
from serving.auth.scope import OtherProof, TenantScope, admit
from serving.connections.states import state_hash
from serving.engines import Engines

_STATE = APIKeyQuery(
    name="state",
    auto_error=False,
    scheme_name="link_state",
    description="Made by POST /v1/connections/link, brought back by the provider",
)
_STARTED_BY = """
select actor_kind, actor_id, actor_name,
    (select requests_per_minute from workspaces where id = links.workspace_id) as workspace_limit
from links
where state_hash = %(state_hash)s and used_at is null and expires_at > %(now)s
  and (
    exists (select 1 from api_keys where id = actor_id and revoked_at is null
        and (expires_at is null or expires_at > %(now)s) and %(permission)s = any(scopes))
    or exists (select 1 from members where id = actor_id and role = any(%(roles)s))
  )
"""

_MAY_CONNECT = sorted(TABLE[Permission.CONNECTIONS_WRITE].roles)


class InvalidLinkStateError(UnauthenticatedError):
    """No state, or not one of a consent that is under way."""

    code = "invalid_link_state"
    title = "The consent is not under way"

    def __init__(self) -> None:
        super().__init__(
            "The state is unknown, was used, or is too old.",
            next_step="Start again from the page that sent you to the provider.",
        )


class CarriesState(OtherProof):
    """The dependency that makes a scope of a link's state."""

    def __call__(
        self, request: Request, state: Annotated[str | None, Depends(_STATE)]
    ) -> TenantScope:
        """Check the state and whose it is; using it up is the handler's.

        Raises:
            InvalidLinkStateError: It is of no consent that is under way.
            RateLimitedError: Its workspace has asked too often.
        """
        try:
            tenant = TenantId((state or "").partition(".")[0])
        except InvalidInputError:
            raise InvalidLinkStateError from None
        engines: Engines = request.state.engines
        values = {
            "state_hash": state_hash(state or ""), "now": utc_now(),
            "permission": Permission.CONNECTIONS_WRITE, "roles": _MAY_CONNECT,
        }  # fmt: skip
        with engines.database.tenant(tenant) as rows:
            found = rows.execute(_STARTED_BY, values).fetchone()
        if found is None:
            raise InvalidLinkStateError
        principal = Principal(
            kind=found["actor_kind"], id=found["actor_id"], name=found["actor_name"],
            scopes=frozenset({Permission.CONNECTIONS_WRITE}), environment=None, role=None,
            expires_at=None, workspace_limit=found["workspace_limit"],
        )  # fmt: skip
        return admit(request, tenant, principal, Permission.CONNECTIONS_WRITE, "write")


LinkReturn = Annotated[TenantScope, Depends(CarriesState())]
