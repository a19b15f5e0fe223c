"""Who asked for a code: a browser that is known, or a network; as a keyed hash."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is open counts as asked by strangers."""
    op.execute("alter table sign_ins add column asked_by text not null default 'network:'")


def downgrade() -> None:
    """Drop it."""
    op.execute("alter table sign_ins drop column asked_by")
