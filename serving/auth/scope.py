"""Whose data may this request touch? `TenantScope`, the only way from a handler to any engine.

A handler of /v1 declares what it needs as a type, `scope: TransactionsRead`, and receives a scope
bound to one workspace after key or session, workspace and permission have been checked. The pools
themselves are not within a handler's reach, and `required_permissions` refuses to start an
application that has a route of /v1 without a scope.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from core.clock import utc_now
from core.connections import ConnectionStore
from core.database import Rows
from core.errors import ForbiddenError
from core.mail import Mailer
from core.tenancy import TenantId
from core.tokens import hash_token
from core.warehouse import TenantQuery
from core.webhook_secrets import WebhookSecrets
from ml.store import OpenModels
from recovery.tone.language_model import LanguageModel
from serving.answers import AnswerCache
from serving.auth.callers import WORKSPACE_HEADER, prove_caller
from serving.auth.csrf import CSRF_HEADER
from serving.auth.key_store import ApiKey, insert_key
from serving.auth.keys import Environment
from serving.auth.permissions import Permission
from serving.auth.principal import Principal
from serving.engines import Engines
from serving.exchange import Exchange
from serving.mart_states import Made, MartState, MartStates, state_of
from serving.query_parameters import refuse_undeclared
from serving.rate_limits import RouteClass, windows
from serving.states import DATA_AS_OF_HEADER, State, StateReader
from serving.usage.counting import Counting

SCOPED_PREFIX = "/v1"
EXPORT_SECONDS = 300

_BEARER = HTTPBearer(
    auto_error=False, scheme_name="api_key", description="`Authorization: Bearer opk_live_…`"
)
_WORKSPACE = APIKeyHeader(
    name=WORKSPACE_HEADER,
    auto_error=False,
    scheme_name="workspace",
    description="The workspace that is meant: the key's own, or one that the member belongs to",
)
_SESSION = APIKeyCookie(
    name="oppulence_session",
    auto_error=False,
    scheme_name="session",
    description="A signed-in member's cookie (over https `__Host-oppulence_session`). Whatever is"
    f" no GET needs `{CSRF_HEADER}` besides: the value of the cookie `oppulence_csrf`",
)


@dataclass(frozen=True, slots=True)
class TenantScope:
    """One workspace, as one key or member may see it, for the length of one request."""

    tenant: TenantId
    principal: Principal
    exchange: Exchange
    answers: AnswerCache = field(repr=False)
    if_none_match: str
    _counting: Counting = field(repr=False)
    _states: StateReader = field(repr=False)
    _mart_states: MartStates = field(repr=False)
    _engines: Engines = field(repr=False)

    def rows(
        self, query: TenantQuery, parameters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Run a query of the warehouse within this workspace."""
        return self._engines.warehouse.tenant_rows(
            self.tenant, query, parameters, seconds=self._engines.settings.query_seconds
        )

    def page(self, query: TenantQuery, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run a query that reads a few rows in a table's own order, and stops after them."""
        return self._engines.warehouse.tenant_rows(
            self.tenant, query, parameters, seconds=self._engines.settings.query_seconds,
            is_page=True,
        )  # fmt: skip

    def lines(self, query: TenantQuery, parameters: Mapping[str, Any]) -> bytes:
        """Run a query of the warehouse within this workspace; its rows as lines of JSON arrays."""
        return self._engines.warehouse.tenant_lines(
            self.tenant, query, parameters, seconds=self._engines.settings.query_seconds
        )

    def transactions_state(self) -> State:
        """Return the state of the workspace's transactions as of now; tell how new it is."""
        state = self.exchange.state or self._states.read(self.tenant)
        if state.as_of is not None:
            self.answer_with(DATA_AS_OF_HEADER, state.as_of)
        return state

    def newest(self, query: TenantQuery) -> MartState:
        """Return how new tables are, as of now."""
        (found,) = self.rows(query)
        return state_of(found)

    def answer(
        self, query: TenantQuery, make: Callable[[MartState], Made]
    ) -> tuple[MartState, Made]:
        """Return how new marts are, as of now, and what `make` makes: never of older ones."""
        return self._mart_states.answer(self._engines.warehouse, self.tenant, query, make)

    def stream(
        self, query: TenantQuery, parameters: Mapping[str, Any], *, output_format: str
    ) -> Iterator[bytes]:
        """Yield a query's rows within this workspace as bytes of a ClickHouse format."""
        return self._engines.warehouse.tenant_stream(
            self.tenant, query, parameters, output_format=output_format, seconds=EXPORT_SECONDS
        )

    def has_table(self, name: str) -> bool:
        """Say whether the warehouse has a table, which an app to come may fill."""
        return self._engines.has_table(name)

    def models(self) -> OpenModels:
        """Return what opens registered models (`ml.store.champions` tells which answer whom)."""
        return self._engines.models

    def language_model(self) -> LanguageModel | None:
        """Return the language model that helps to write; None where none is plugged in."""
        return LanguageModel.of(self._engines.settings)

    @contextmanager
    def transaction(self) -> Iterator[Rows]:
        """Open a Postgres transaction that sees this workspace only."""
        with self._engines.database.tenant(self.tenant) as rows:
            yield rows

    @contextmanager
    def quota(self, rows: Rows | None = None) -> Iterator[None]:
        """Count the expensive work that is done inside towards its quota, if it succeeds.

        Args:
            rows: This workspace's transaction, where one is open.

        Raises:
            QuotaExceededError: Nothing is left of it.
        """
        if rows is None:
            with self.transaction() as own:
                quota = self._counting.quota(own)
        else:
            quota = self._counting.quota(rows)
        with self._counting.work(quota):
            yield

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

    def mailer(self) -> Mailer:
        """Return what sends mail.

        Raises:
            ConfigurationError: No relay is configured.
        """
        return Mailer.connect(self._engines.settings)

    @property
    def mail_from(self) -> str:
        """Whom the installation's own mail is from."""
        return self._engines.settings.mail_from

    @property
    def public_address(self) -> str:
        """Where browsers find our pages."""
        return self._engines.settings.public_address

    def hash_token(self, token: str) -> bytes:
        """Return what is stored of a link's token."""
        return hash_token(token, self._engines.api_key_secret)

    def webhook_secrets(self) -> WebhookSecrets:
        """Return the store of webhooks' secrets; call it within this scope's transaction."""
        return WebhookSecrets(self._engines.database, self._engines.box)

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
        permission: What the caller must be allowed; None for any proven caller.
        route_class: Which limit the request counts towards; by default its method says.
    """

    permission: Permission | None
    route_class: RouteClass | None = None

    def __call__(
        self,
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
        workspace: Annotated[str | None, Depends(_WORKSPACE)],
        _: Annotated[str | None, Depends(_SESSION)],
    ) -> TenantScope:
        """Check caller, workspace, rate limits, permission, and the query's parameters.

        Raises:
            RateLimitedError: The caller or the workspace has asked too often.
            UnauthenticatedError: There is no usable key or session of this workspace.
            ForbiddenError: The caller lacks the permission, or another site sent the request.
            RequestValidationError: The query has a parameter that the route has not.
        """
        credentials = None if bearer is None else bearer.credentials
        tenant, principal = prove_caller(request, credentials, workspace)
        scope = admit(request, tenant, principal, self.permission, self.route_class)
        if self.route_class != "webhook":  # a provider's, passed on: its address is not ours
            refuse_undeclared(request)
        return scope


def admit(
    request: Request,
    tenant: TenantId,
    principal: Principal,
    permission: Permission | None,
    route_class: RouteClass | None = None,
) -> TenantScope:
    """Return the scope of a proven caller, within their limits and permissions.

    Raises:
        RateLimitedError: The caller or the workspace has asked too often.
        ForbiddenError: The caller lacks the permission.
    """
    exchange: Exchange = request.state.exchange
    exchange.facts.update(workspace_id=str(tenant), caller_id=principal.id)
    counted = route_class or ("read" if request.method == "GET" else "write")
    counting = Counting(request, tenant, principal.id, counted)
    if not exchange.is_admitted:
        limits = windows(str(tenant), principal.id, counted, principal.workspace_limit)
        counting.count(*limits)
    if permission is not None and permission not in principal.scopes:
        who = "API key" if principal.kind == "api_key" else f"role {principal.role}"
        raise ForbiddenError(
            f"The {who} lacks the permission {permission}.",
            next_step="Use a key that has it, or ask an owner; GET /v1/whoami lists what this"
            " caller may do.",
        )
    return TenantScope(
        tenant=tenant,
        principal=principal,
        exchange=exchange,
        answers=request.state.answers,
        if_none_match=request.headers.get("If-None-Match", ""),
        _counting=counting,
        _states=request.state.states,
        _mart_states=request.state.mart_states,
        _engines=request.state.engines,
    )


class OtherProof:
    """Marks a dependency that makes a scope of something else than a key or a session."""


AnyScope = Annotated[TenantScope, Depends(Requires(None))]
TransactionsRead = Annotated[TenantScope, Depends(Requires(Permission.TRANSACTIONS_READ))]
TransactionsExport = Annotated[
    TenantScope, Depends(Requires(Permission.TRANSACTIONS_READ, "export"))
]
AccountsRead = Annotated[TenantScope, Depends(Requires(Permission.ACCOUNTS_READ))]
MetricsRead = Annotated[TenantScope, Depends(Requires(Permission.METRICS_READ))]
EnrichmentRead = Annotated[TenantScope, Depends(Requires(Permission.ENRICHMENT_READ, "read"))]
EnrichmentWrite = Annotated[TenantScope, Depends(Requires(Permission.ENRICHMENT_WRITE))]
MetricsExport = Annotated[TenantScope, Depends(Requires(Permission.METRICS_READ, "export"))]
LedgerRead = Annotated[TenantScope, Depends(Requires(Permission.LEDGER_READ))]
LedgerExport = Annotated[TenantScope, Depends(Requires(Permission.LEDGER_READ, "export"))]
LedgerWrite = Annotated[TenantScope, Depends(Requires(Permission.LEDGER_WRITE))]
ReconciliationRead = Annotated[TenantScope, Depends(Requires(Permission.RECONCILIATION_READ))]
ReconciliationExport = Annotated[
    TenantScope, Depends(Requires(Permission.RECONCILIATION_READ, "export"))
]
ReconciliationWrite = Annotated[TenantScope, Depends(Requires(Permission.RECONCILIATION_WRITE))]
ConnectionsRead = Annotated[TenantScope, Depends(Requires(Permission.CONNECTIONS_READ))]
ConnectionsWrite = Annotated[TenantScope, Depends(Requires(Permission.CONNECTIONS_WRITE))]
SyncsRead = Annotated[TenantScope, Depends(Requires(Permission.SYNCS_READ))]
SyncsWrite = Annotated[TenantScope, Depends(Requires(Permission.SYNCS_WRITE, "sync"))]
EventsRead = Annotated[TenantScope, Depends(Requires(Permission.EVENTS_READ))]
EventsWrite = Annotated[TenantScope, Depends(Requires(Permission.EVENTS_WRITE))]
WebhooksDeliver = Annotated[TenantScope, Depends(Requires(Permission.EVENTS_WRITE, "webhook"))]
WebhooksRead = Annotated[TenantScope, Depends(Requires(Permission.WEBHOOKS_READ))]
WebhooksWrite = Annotated[TenantScope, Depends(Requires(Permission.WEBHOOKS_WRITE))]
ApiKeysRead = Annotated[TenantScope, Depends(Requires(Permission.API_KEYS_READ))]
ApiKeysWrite = Annotated[TenantScope, Depends(Requires(Permission.API_KEYS_WRITE))]
MembersRead = Annotated[TenantScope, Depends(Requires(Permission.MEMBERS_READ))]
MembersWrite = Annotated[TenantScope, Depends(Requires(Permission.MEMBERS_WRITE))]
WorkspaceRead = Annotated[TenantScope, Depends(Requires(Permission.WORKSPACE_READ))]
WorkspaceWrite = Annotated[TenantScope, Depends(Requires(Permission.WORKSPACE_WRITE))]
RecoveryRead = Annotated[TenantScope, Depends(Requires(Permission.RECOVERY_READ))]
RecoveryWrite = Annotated[TenantScope, Depends(Requires(Permission.RECOVERY_WRITE))]
AuditLogRead = Annotated[TenantScope, Depends(Requires(Permission.AUDIT_LOG_READ))]


def required_permissions(application: FastAPI) -> dict[tuple[str, str], Permission | None]:
    """Return what each operation (method, path) of /v1 requires of a key or a session.

    Raises:
        TypeError: A route under /v1 takes no scope: it could read without a workspace.
    """
    required: dict[tuple[str, str], Permission | None] = {}
    for route in iter_route_contexts(application.routes):
        path = route.path or ""
        if not path.startswith(SCOPED_PREFIX):
            continue
        scopes = [
            call for call in _calls(route.dependant) if isinstance(call, Requires | OtherProof)
        ]
        if len(scopes) != 1:
            raise TypeError(f"{path} must take one scope (serving.auth.scope), not {len(scopes)}")
        if isinstance(scopes[0], Requires):
            for method in route.methods or ():
                required[method, path] = scopes[0].permission
    return required


def _calls(dependant: Dependant) -> Iterator[Any]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from _calls(dependency)
