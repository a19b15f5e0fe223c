"""An account that was erased may be connected again, as a connection of its own.

The erased one keeps its name until its last row is gone; what the pipelines remember of it (how far
it was read) must not become the new one's.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_EVERY = "connections_workspace_id_provider_provider_account_id_key"


def upgrade() -> None:
    """Let an account stand once among the connections whose rows are kept."""
    op.execute(f"alter table connections drop constraint {_EVERY}")
    # Connected again before it was erased: its rows were kept.
    op.execute("update connections set erase_requested_at = null where status <> 'revoked'")
    op.execute(
        "create unique index connections_of_accounts on connections"
        " (workspace_id, provider, provider_account_id) where erase_requested_at is null"
    )


def downgrade() -> None:
    """Let it stand once; of erased ones the account is told apart by their own names."""
    op.execute("drop index connections_of_accounts")
    op.execute(
        "update connections set provider_account_id = provider_account_id || ' ' || id"
        " where erase_requested_at is not null"
    )
    op.execute(
        f"alter table connections add constraint {_EVERY}"
        " unique (workspace_id, provider, provider_account_id)"
    )
