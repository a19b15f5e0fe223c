"""Which tasks of a workspace are open? An index for the list, and one for the count beside it."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the indexes."""
    op.execute(
        "create index recovery_tasks_newest on recovery_tasks (workspace_id, created_at, id);"
        " create index recovery_tasks_open on recovery_tasks (workspace_id, created_at, id)"
        " where done_at is null;"
        " create index recovery_tasks_of_episode on recovery_tasks (workspace_id, episode_id)"
    )


def downgrade() -> None:
    """Drop them."""
    op.execute(
        "drop index recovery_tasks_newest; drop index recovery_tasks_open;"
        " drop index recovery_tasks_of_episode"
    )
