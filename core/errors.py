"""How does a failure speak? Typed errors that carry what a user needs to act.

Every error names a stable `code`, says what happened and what to do next. `serving/` renders it
as an RFC 9457 problem, the command line as two lines and an exit code.
"""

from typing import ClassVar


class OppulenceError(Exception):
    """A failure that the platform foresaw.

    Args:
        detail: What happened, in one sentence, without secrets.
        next_step: What the reader can do about it.
    """

    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str, *, next_step: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.next_step = next_step


class ConfigurationError(OppulenceError):
    """A setting is missing or contradicts another."""

    code = "configuration_error"
    title = "The configuration is incomplete"
    exit_code = 78  # EX_CONFIG of sysexits.h


class InvalidInputError(OppulenceError):
    """The caller sent something that cannot be understood."""

    code = "invalid_input"
    title = "The input is not valid"
    status = 422
    exit_code = 2


class UnauthenticatedError(OppulenceError):
    """No credentials, or credentials that no workspace knows."""

    code = "unauthenticated"
    title = "Authentication is required"
    status = 401


class ForbiddenError(OppulenceError):
    """The caller is known and may not do this."""

    code = "forbidden"
    title = "Not allowed"
    status = 403


class NotFoundError(OppulenceError):
    """No such thing in this workspace."""

    code = "not_found"
    title = "Not found"
    status = 404


class ConflictError(OppulenceError):
    """The request contradicts the present state."""

    code = "conflict"
    title = "Conflict"
    status = 409


class EngineUnavailableError(OppulenceError):
    """ClickHouse, Postgres, Redis or the object store did not answer."""

    code = "engine_unavailable"
    title = "A data engine is unavailable"
    status = 503
    exit_code = 69  # EX_UNAVAILABLE


class ProviderError(OppulenceError):
    """A provider (Stripe, …) refused or failed; `provider_code` is its own word for it."""

    code = "provider_error"
    title = "The provider refused the request"
    status = 502
    exit_code = 69

    def __init__(self, detail: str, *, next_step: str = "", provider_code: str = "") -> None:
        super().__init__(detail, next_step=next_step)
        self.provider_code = provider_code
