"""Whose data may this request touch? `TenantScope`, the only way from a handler to any engine.

A handler of /v1 declares what it needs as a type, `scope: TransactionsRead`, and receives a scope
bound to one workspace after key, workspace and permission have been checked. The pools themselves
are not within a handler's reach, and `require_scopes` refuses to start an application that has
a route of /v1 without a scope.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from core.clock import utc_now
from core.connections import ConnectionStore
from core.database import Rows
from core.errors import ForbiddenError, InvalidInputError
from core.tenancy import TenantId
from core.warehouse import TenantQuery
from serving.answers import AnswerCache
from serving.auth.key_cache import KeyCache
from serving.auth.key_store import ApiKey, insert_key
from serving.auth.keys import Environment, is_well_formed
from serving.auth.permissions import Permission
from serving.auth.refusals import InvalidKeyError
from serving.engines import Engines
from serving.exchange import Exchange
from serving.rate_limits import RateLimiter, RouteClass, windows

WORKSPACE_HEADER = "X-Workspace-Id"
SCOPED_PREFIX = "/v1"
EXPORT_SECONDS = 300

_BEARER = HTTPBearer(
    auto_error=False, scheme_name="api_key", description="`Authorization: Bearer opk_live_…`"
)
_WORKSPACE = APIKeyHeader(
    name=WORKSPACE_HEADER,
    auto_error=False,
    scheme_name="workspace",
    description="The workspace that the key belongs to: `ws_…`",
)


@dataclass(frozen=True, slots=True)
class TenantScope:
    """One workspace, as one key may see it, for the length of one request."""

    tenant: TenantId
    key: ApiKey
    exchange: Exchange
    answers: AnswerCache = field(repr=False)
    if_none_match: str
    _engines: Engines = field(repr=False)

    def rows(
        self, query: TenantQuery, parameters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Run a query of the warehouse within this workspace."""
        return self._engines.warehouse.tenant_rows(
            self.tenant, query, parameters, seconds=self._engines.settings.query_seconds
        )

    def stream(
        self, query: TenantQuery, parameters: Mapping[str, Any], *, output_format: str
    ) -> Iterator[bytes]:
        """Yield a query's rows within this workspace as bytes of a ClickHouse format."""
        return self._engines.warehouse.tenant_stream(
            self.tenant, query, parameters, output_format=output_format, seconds=EXPORT_SECONDS
        )

    @contextmanager
    def transaction(self) -> Iterator[Rows]:
        """Open a Postgres transaction that sees this workspace only."""
        with self._engines.database.tenant(self.tenant) as rows:
            yield rows

    def seal(self, text: str, *, purpose: str) -> str:
        """Encrypt a text that only this workspace may read back, for the same purpose."""
        return self._engines.box.seal(text, context=f"{self.tenant}|{purpose}")

    def unseal(self, sealed: str, *, purpose: str) -> str:
        """Decrypt what `seal` made."""
        return self._engines.box.open(sealed, context=f"{self.tenant}|{purpose}")

    def new_key(
        self,
        rows: Rows,
        name: str,
        *,
        scopes: Iterable[Permission],
        environment: Environment,
        expires_at: datetime | None,
    ) -> tuple[str, ApiKey]:
        """Create an API key of this workspace; return it and its record."""
        return insert_key(
            rows, self.tenant, name, secret=self._engines.api_key_secret, now=utc_now(),
            scopes=scopes, environment=environment, expires_at=expires_at,
        )  # fmt: skip

    def connection_store(self) -> ConnectionStore:
        """Return the store that seals credentials; call it within this scope's transaction."""
        return ConnectionStore(self._engines.database, self._engines.box)

    def answer_with(self, header: str, value: str) -> None:
        """Set a header of the answer, whatever the answer becomes."""
        self.exchange.headers[header] = value


@dataclass(frozen=True, slots=True)
class Requires:
    """The dependency that makes a scope.

    Args:
        permission: What the key must be allowed; None for any valid key.
        route_class: Which limit the request counts towards; by default its method says.
    """

    permission: Permission | None
    route_class: RouteClass | None = None

    def __call__(
        self,
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
        workspace: Annotated[str | None, Depends(_WORKSPACE)],
    ) -> TenantScope:
        """Check key, workspace, rate limits and permission.

        Raises:
            RateLimitedError: The key or its workspace has asked too often.
            InvalidKeyError: There is no usable key of this workspace.
            ForbiddenError: The key lacks the permission.
        """
        exchange: Exchange = request.state.exchange
        engines: Engines = request.state.engines
        keys: KeyCache = request.state.keys
        if bearer is None:
            raise InvalidKeyError("The request carries no API key.")
        tenant = _named_workspace(workspace)
        if not is_well_formed(bearer.credentials):
            raise InvalidKeyError("The API key is mistyped or cut: its checksum does not fit.")
        key = keys.find(tenant, bearer.credentials)
        if key is None:
            raise InvalidKeyError("The workspace knows no such API key.")
        if not key.is_usable(utc_now()):
            raise InvalidKeyError("The API key has expired or was revoked.")
        exchange.facts.update(workspace_id=str(tenant), key_id=key.id)
        limiter: RateLimiter = request.state.limiter
        route_class = self.route_class or ("read" if request.method == "GET" else "write")
        limiter.admit(exchange, windows(str(tenant), key.id, route_class, key.workspace_limit))
        if self.permission is not None and self.permission not in key.scopes:
            raise ForbiddenError(
                f"The API key lacks the permission {self.permission}.",
                next_step="Use a key that has it; GET /v1/whoami lists what this one may do.",
            )
        return TenantScope(
            tenant=tenant,
            key=key,
            exchange=exchange,
            answers=request.state.answers,
            if_none_match=request.headers.get("If-None-Match", ""),
            _engines=engines,
        )


AnyScope = Annotated[TenantScope, Depends(Requires(None))]
TransactionsRead = Annotated[TenantScope, Depends(Requires(Permission.TRANSACTIONS_READ))]
TransactionsExport = Annotated[
    TenantScope, Depends(Requires(Permission.TRANSACTIONS_READ, "export"))
]
AccountsRead = Annotated[TenantScope, Depends(Requires(Permission.ACCOUNTS_READ))]
MetricsRead = Annotated[TenantScope, Depends(Requires(Permission.METRICS_READ))]
ConnectionsRead = Annotated[TenantScope, Depends(Requires(Permission.CONNECTIONS_READ))]
ConnectionsWrite = Annotated[TenantScope, Depends(Requires(Permission.CONNECTIONS_WRITE))]
SyncsRead = Annotated[TenantScope, Depends(Requires(Permission.SYNCS_READ))]
SyncsWrite = Annotated[TenantScope, Depends(Requires(Permission.SYNCS_WRITE, "sync"))]
ApiKeysRead = Annotated[TenantScope, Depends(Requires(Permission.API_KEYS_READ))]
ApiKeysWrite = Annotated[TenantScope, Depends(Requires(Permission.API_KEYS_WRITE))]
MembersRead = Annotated[TenantScope, Depends(Requires(Permission.MEMBERS_READ))]
MembersWrite = Annotated[TenantScope, Depends(Requires(Permission.MEMBERS_WRITE))]
WorkspaceRead = Annotated[TenantScope, Depends(Requires(Permission.WORKSPACE_READ))]
WorkspaceWrite = Annotated[TenantScope, Depends(Requires(Permission.WORKSPACE_WRITE))]
AuditLogRead = Annotated[TenantScope, Depends(Requires(Permission.AUDIT_LOG_READ))]


def required_permissions(application: FastAPI) -> dict[tuple[str, str], Permission | None]:
    """Return what each operation (method, path) of /v1 requires.

    Raises:
        TypeError: A route under /v1 takes no scope: it could read without a workspace.
    """
    required: dict[tuple[str, str], Permission | None] = {}
    for route in iter_route_contexts(application.routes):
        path = route.path or ""
        if not path.startswith(SCOPED_PREFIX):
            continue
        scopes = [call for call in _calls(route.dependant) if isinstance(call, Requires)]
        if len(scopes) != 1:
            raise TypeError(f"{path} must take one scope (serving.auth.scope), not {len(scopes)}")
        for method in route.methods or ():
            required[method, path] = scopes[0].permission
    return required


def _named_workspace(text: str | None) -> TenantId:
    if not text:
        raise InvalidKeyError(f"The request names no workspace ({WORKSPACE_HEADER}).")
    try:
        return TenantId(text)
    except InvalidInputError as error:
        raise InvalidKeyError(error.detail) from None


def _calls(dependant: Dependant) -> Iterator[Any]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from _calls(dependency)
