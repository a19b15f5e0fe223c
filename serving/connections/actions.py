"""What may be done to connections? Made, renewed, renamed, revoked; each noted in the audit log."""

from core.database import Rows
from core.errors import ConflictError, NotFoundError
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.connections import queries
from serving.connections.schemas import (
    ConnectionRecord,
    ConnectionRequest,
    Reconnection,
)
from serving.connections.stripe import StripeAccount, account_of


def connect(
    scope: TenantScope, rows: Rows, request: ConnectionRequest, api_url: str
) -> ConnectionRecord:
    """Connect an account, or renew its connection if there is one already.

    Raises:
        CredentialsRefusedError: The provider refuses the credentials.
        ProviderError: The provider does not answer.
    """
    api_key = request.credentials.api_key.get_secret_value()
    account = account_of(api_key, api_url)
    connection_id = _keep(scope, rows, account, request.name, api_key, api_url)
    record(rows, scope, "connection.created", connection_id, account=account.id)
    return find(rows, connection_id)


def reconnect(
    scope: TenantScope, rows: Rows, connection_id: str, request: Reconnection, api_url: str
) -> ConnectionRecord:
    """Give a connection new credentials of the same account.

    Raises:
        NotFoundError: The workspace has no such connection.
        ConflictError: The credentials belong to another account.
        CredentialsRefusedError: The provider refuses the credentials.
        ProviderError: The provider does not answer.
    """
    before = find(rows, connection_id)
    api_key = request.credentials.api_key.get_secret_value()
    account = account_of(api_key, api_url)
    if account.id != before.provider_account_id:
        raise ConflictError(
            f"The credentials are of {account.id}, the connection is of"
            f" {before.provider_account_id}.",
            next_step="POST /v1/connections connects another account.",
        )
    _keep(scope, rows, account, before.name, api_key, api_url)
    record(rows, scope, "connection.reconnected", connection_id, before=before.status)
    return find(rows, connection_id)


def rename(scope: TenantScope, rows: Rows, connection_id: str, name: str) -> ConnectionRecord:
    """Give a connection another name.

    Raises:
        NotFoundError: The workspace has no such connection.
    """
    before = find(rows, connection_id)
    row = rows.execute(queries.RENAME, [name, connection_id]).fetchone()
    assert row is not None
    record(rows, scope, "connection.renamed", connection_id, before=before.name, after=name)
    return ConnectionRecord(**row)


def revoke(scope: TenantScope, rows: Rows, connection_id: str) -> ConnectionRecord:
    """Ask a connection no more and forget its credentials; doing so again changes nothing.

    Raises:
        NotFoundError: The workspace has no such connection.
    """
    if find(rows, connection_id).status != "revoked":
        store = scope.connection_store()
        store.revoke_within(rows, scope.tenant, connection_id, "Deleted by the workspace.")
        record(rows, scope, "connection.revoked", connection_id)
    return find(rows, connection_id)


def find(rows: Rows, connection_id: str) -> ConnectionRecord:
    """Return one connection, held against other changes until the transaction ends.

    Raises:
        NotFoundError: The workspace has no such connection.
    """
    row = rows.execute(queries.ONE, [connection_id]).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no connection {connection_id}.",
            next_step="GET /v1/connections lists those there are.",
        )
    return ConnectionRecord(**row)


def _keep(
    scope: TenantScope,
    rows: Rows,
    account: StripeAccount,
    name: str | None,
    api_key: str,
    api_url: str,
) -> str:
    return (
        scope.connection_store()
        .connect_within(
            rows,
            scope.tenant,
            provider="stripe",
            name=name or account.name,
            provider_account_id=account.id,
            api_url=api_url,
            credentials={"api_key": api_key},
        )
        .id
    )
