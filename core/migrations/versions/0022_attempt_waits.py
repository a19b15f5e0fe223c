"""How long a network asked to wait after a try; which card a try under way is made on."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and an index for the tries that are under way."""
    op.execute(
        "alter table recovery_attempts add column wait_hours integer not null default 0;"
        " create index recovery_actions_charging on recovery_actions"
        " (workspace_id, (content ->> 'card')) where kind = 'retry' and state = 'started'"
    )


def downgrade() -> None:
    """Drop them."""
    op.execute(
        "drop index recovery_actions_charging; alter table recovery_attempts drop column wait_hours"
    )
