"""What was settled for each connection, and how is it settled anew? For the API and the pages."""

from core.clock import utc_now
from core.database import Rows
from core.errors import InvalidInputError, NotFoundError
from recovery.engine.clocks import zone_named
from recovery.store import settings
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.recovery.settings_schemas import ConnectionTerms, TermsRequest


def terms(rows: Rows) -> list[ConnectionTerms]:
    """Return the connections whose payments can be recovered."""
    return [ConnectionTerms(**row) for row in rows.execute(settings.LIST)]


def settle(
    scope: TenantScope, rows: Rows, connection_id: str, request: TermsRequest
) -> ConnectionTerms:
    """Turn recovery on or off and say who retries; the account is walked at once.

    Raises:
        InvalidInputError: The zone is none.
        NotFoundError: The workspace has no such Stripe connection.
    """
    if zone_named(request.timezone) is None:
        raise InvalidInputError(f"{request.timezone} is no time zone.",
                                next_step="Use an IANA name, such as Europe/Dublin.")  # fmt: skip
    if connection_id not in {one.connection_id for one in terms(rows)}:
        raise NotFoundError(
            f"There is no Stripe connection {connection_id}.",
            next_step="GET /v1/recovery/settings lists those of this workspace.",
        )
    values = request.model_dump()
    settings.put(rows, str(scope.tenant), connection_id, values, utc_now())
    record(rows, scope, "recovery_settings.changed", connection_id, **values)
    return {one.connection_id: one for one in terms(rows)}[connection_id]
