"""Which open episodes does a changed subscription concern? An index for the inbox's question."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.execute(
        "create index recovery_episodes_of_subscription on recovery_episodes"
        " (workspace_id, connection_id, subscription_id) where state <> 'ended'"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("drop index recovery_episodes_of_subscription")
