"""How each model was made: a model whose recipe is another now is trained anew."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the recipe; of models registered before it is not known."""
    op.execute("alter table enrichment_models add column recipe text not null default ''")


def downgrade() -> None:
    """Drop it."""
    op.execute("alter table enrichment_models drop column recipe")
