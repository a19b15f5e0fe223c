"""What may be done to connections? Made, renewed, renamed, revoked; each noted in the audit log.

What the provider had to say is asked before (`evidence`), outside these transactions.
"""

from core.clock import utc_now
from core.connections import Connection
from core.database import Rows
from core.errors import ConflictError, NotFoundError
from linking.flow import Linked
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.connections import queries
from serving.connections.evidence import refuse_another_account
from serving.connections.schemas import ConnectionRecord


class ErasedError(ConflictError):
    """What was erased is not read into again."""

    code = "connection_erased"
    title = "The connection is erased"


def connect(
    scope: TenantScope, rows: Rows, provider: str, linked: Linked, name: str = ""
) -> ConnectionRecord:
    """Keep a connection to what was linked, or renew it if there is one already."""
    connection_id = _keep(scope, rows, provider, linked, name or linked.name)
    record(rows, scope, "connection.created", connection_id, account=linked.account_id)
    return find(rows, connection_id)


def reconnect(
    scope: TenantScope, rows: Rows, connection_id: str, linked: Linked
) -> ConnectionRecord:
    """Give a connection new credentials of the same account.

    Raises:
        NotFoundError: The workspace has no such connection.
        ErasedError: Its rows are erased, or about to be.
        OtherAccountError: They are of another account.
    """
    before = hold(rows, connection_id)
    if before.data != "kept":
        raise ErasedError(
            f"The rows of {connection_id} are erased, or about to be.",
            next_step="POST /v1/connections connects the account anew, from its first row.",
        )
    refuse_another_account(linked, before.provider_account_id)
    _keep(scope, rows, before.provider, linked, before.name)
    record(rows, scope, "connection.reconnected", connection_id, before=before.status)
    return find(rows, connection_id)


def rename(scope: TenantScope, rows: Rows, connection_id: str, name: str) -> ConnectionRecord:
    """Give a connection another name.

    Raises:
        NotFoundError: The workspace has no such connection.
    """
    before = hold(rows, connection_id)
    row = rows.execute(queries.RENAME, [name, connection_id]).fetchone()
    assert row is not None
    record(rows, scope, "connection.renamed", connection_id, before=before.name, after=name)
    return ConnectionRecord(**row)


def revoke(scope: TenantScope, rows: Rows, connection_id: str, *, erase: bool) -> ConnectionRecord:
    """Ask a connection no more and forget its credentials; doing so again changes nothing.

    Args:
        scope: The workspace.
        rows: Its open transaction.
        connection_id: Which connection.
        erase: Whether its rows shall go too, also when it was deleted before.

    Raises:
        NotFoundError: The workspace has no such connection.
    """
    before = hold(rows, connection_id)
    if before.status != "revoked":
        store = scope.connection_store()
        store.revoke_within(rows, scope.tenant, connection_id, "Deleted by the workspace.")
        record(rows, scope, "connection.revoked", connection_id)
    if erase and before.data == "kept":
        rows.execute(queries.ERASE, {"id": connection_id, "asked_at": utc_now()})
        record(rows, scope, "connection.erasure_requested", connection_id)
    return find(rows, connection_id)


def find(rows: Rows, connection_id: str) -> ConnectionRecord:
    """Return one connection.

    Raises:
        NotFoundError: The workspace has no such connection.
    """
    return _one(rows, queries.ONE, connection_id)


def hold(rows: Rows, connection_id: str) -> ConnectionRecord:
    """Return one connection, held against other changes until the transaction ends.

    Raises:
        NotFoundError: The workspace has no such connection.
    """
    return _one(rows, queries.HELD, connection_id)


def open_connection(scope: TenantScope, connection_id: str) -> Connection:
    """Return one connection with its credentials, in a transaction that ends at once.

    Raises:
        NotFoundError: The workspace has no such connection.
    """
    return scope.connection_store().get(scope.tenant, connection_id)


def _one(rows: Rows, query: str, connection_id: str) -> ConnectionRecord:
    row = rows.execute(query, [connection_id]).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no connection {connection_id}.",
            next_step="GET /v1/connections lists those there are.",
        )
    return ConnectionRecord(**row)


def _keep(scope: TenantScope, rows: Rows, provider: str, linked: Linked, name: str) -> str:
    kept = scope.connection_store().connect_within(
        rows,
        scope.tenant,
        provider=provider,
        name=name,
        provider_account_id=linked.account_id,
        api_url=linked.api_url,
        credentials=linked.credentials,
    )
    rows.execute(queries.CONSENTED, [linked.expires_at, kept.id])
    return kept.id
