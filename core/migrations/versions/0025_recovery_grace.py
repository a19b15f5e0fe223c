"""How long a merchant lets a subscription go on unpaid: what messages say of the end of access."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: null where it is not settled."""
    op.execute(
        "alter table recovery_settings add column grace_days integer"
        " check (grace_days between 0 and 365)"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("alter table recovery_settings drop column grace_days")
