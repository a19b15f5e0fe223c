"""How are a connection's webhook secrets set? Sealed, noted in the audit log, never shown."""

from core.clock import utc_now
from core.database import Rows
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.connections.actions import find
from serving.webhooks.schemas import SecretsChange, SecretsState


def put(scope: TenantScope, rows: Rows, connection_id: str, request: SecretsChange) -> SecretsState:
    """Replace the secrets of a connection.

    Raises:
        NotFoundError: The workspace has no such connection.
    """
    connection = find(rows, connection_id)
    texts = [secret.get_secret_value() for secret in request.secrets]
    scope.webhook_secrets().put_within(rows, scope.tenant, connection_id, texts, utc_now())
    record(rows, scope, "connection.webhook_secrets_set", connection_id, number=len(texts))
    return SecretsState(
        connection_id=connection_id,
        provider=connection.provider,
        secrets=len(texts),
        path=f"/v1/webhooks/{connection.provider}/{connection_id}",
    )
