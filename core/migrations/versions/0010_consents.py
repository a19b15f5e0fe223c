"""Connections count the consents that their user gave.

A verdict on credentials holds for the consent that they came from: tokens that we renewed are of
the same one, a key that the user brought meanwhile is of the next.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every connection there is has been consented to once."""
    op.execute("alter table connections add column consent bigint not null default 1")


def downgrade() -> None:
    """Forget the counts."""
    op.execute("alter table connections drop column consent")
