"""Who opens a page? A visitor, perhaps signed in; and in which workspace, as which member."""

import secrets
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from core.clock import utc_now
from core.database import Database
from core.errors import InvalidInputError, NotFoundError, UnauthenticatedError
from core.settings import Settings
from core.tenancy import TenantId
from serving.auth.callers import prove_member
from serving.auth.cookies import CookieName, forget_cookie, read_cookie, set_cookie
from serving.auth.csrf import csrf_token
from serving.auth.permissions import Permission
from serving.auth.refusals import InvalidSessionError
from serving.auth.scope import TenantScope, admit
from serving.auth.session_store import LONGEST, OpenSession, find_session
from serving.engines import Engines
from serving.exchange import Exchange
from serving.rate_limits import RateLimiter, Window

VISIT_SECONDS = 7 * 86_400


class NotSignedInError(UnauthenticatedError):
    """The page is for people who are signed in; they are sent to /sign_in."""


@dataclass(slots=True)
class Visit:
    """One request of a page.

    Attributes:
        engines: The pools.
        exchange: The request's id and the answer's headers.
        token: The session's token as the cookie has it; empty without one.
        session: What the token opens; None if it opens nothing.
        anchor: What the CSRF token of the page's forms belongs to.
    """

    request: Request
    engines: Engines
    exchange: Exchange
    token: str = field(repr=False)
    session: OpenSession | None
    anchor: str = field(repr=False)
    is_new: bool

    @property
    def settings(self) -> Settings:
        """The configuration."""
        return self.engines.settings

    @property
    def database(self) -> Database:
        """Postgres."""
        return self.engines.database

    @property
    def secret(self) -> str:
        """What keys the hashes of tokens and codes."""
        return self.engines.api_key_secret

    @property
    def csrf_token(self) -> str:
        """What the page's forms send back."""
        return csrf_token(self.anchor, self.secret)

    @property
    def host(self) -> str:
        """The network address that the request came from, empty where there is none."""
        return self.request.client.host if self.request.client else ""

    def cookie(self, name: CookieName) -> str:
        """Return one of our cookies, empty where there is none."""
        return read_cookie(self.request, self.settings, name)

    def limit(self, *windows: tuple[str, int, int]) -> None:
        """Count the request towards limits of its address: name, requests, seconds.

        Raises:
            RateLimitedError: One is full.
        """
        limiter: RateLimiter = self.request.state.limiter
        limiter.admit(
            self.exchange,
            tuple(Window(name, self.host, limit, seconds) for name, limit, seconds in windows),
        )


def anchor_of(request: Request, settings: Settings) -> str:
    """Return what the CSRF token belongs to: the session's cookie, else the visit's."""
    return read_cookie(request, settings, "session") or read_cookie(request, settings, "visit")


def _open_visit(request: Request) -> Visit:
    engines: Engines = request.state.engines
    token = read_cookie(request, engines.settings, "session")
    session = (
        find_session(engines.database, token, secret=engines.api_key_secret, now=utc_now())
        if token
        else None
    )
    anchor = anchor_of(request, engines.settings)
    return Visit(
        request=request,
        engines=engines,
        exchange=request.state.exchange,
        token=token,
        session=session,
        anchor=anchor or secrets.token_urlsafe(32),
        is_new=not anchor,
    )


AnyVisit = Annotated[Visit, Depends(_open_visit)]


def _signed_in(visit: AnyVisit) -> OpenSession:
    if visit.session is None:
        raise NotSignedInError("Nobody is signed in here.")
    return visit.session


SignedIn = Annotated[OpenSession, Depends(_signed_in)]


def greet(response: Response, visit: Visit, token: str) -> None:
    """Have the browser keep a session that has begun."""
    settings, seconds = visit.settings, int(LONGEST.total_seconds())
    set_cookie(response, settings, "session", token, seconds=seconds)
    set_cookie(response, settings, "csrf", csrf_token(token, visit.secret), seconds=seconds)
    forget_cookie(response, settings, "sign_in")
    forget_cookie(response, settings, "visit")


def dismiss(response: Response, visit: Visit) -> None:
    """Have the browser drop its session."""
    names: tuple[CookieName, ...] = ("session", "csrf", "sign_in")
    for name in names:
        forget_cookie(response, visit.settings, name)


@dataclass(frozen=True, slots=True)
class WorkspacePage:
    """The dependency that makes a scope of the workspace that the path names.

    Args:
        permission: What the member's role must allow.
    """

    permission: Permission | None = None

    def __call__(self, visit: AnyVisit, _: SignedIn, workspace_id: str) -> TenantScope:
        """Check membership, rate limits and permission.

        Raises:
            NotFoundError: The person does not belong to such a workspace.
            ForbiddenError: Their role lacks the permission.
        """
        try:
            tenant = TenantId(workspace_id)
            principal = prove_member(visit.engines, tenant, visit.token)
        except (InvalidInputError, InvalidSessionError):
            raise NotFoundError(
                "You belong to no such workspace.", next_step="Choose one of yours."
            ) from None
        return admit(visit.request, tenant, principal, self.permission)


WorkspaceScope = Annotated[TenantScope, Depends(WorkspacePage())]
KeysScope = Annotated[TenantScope, Depends(WorkspacePage(Permission.API_KEYS_WRITE))]
MembersScope = Annotated[TenantScope, Depends(WorkspacePage(Permission.MEMBERS_WRITE))]
RecoveryLook = Annotated[TenantScope, Depends(WorkspacePage(Permission.RECOVERY_READ))]
RecoveryAct = Annotated[TenantScope, Depends(WorkspacePage(Permission.RECOVERY_WRITE))]
