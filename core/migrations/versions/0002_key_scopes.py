"""API keys learn what they may do, for which environment, and when they were last used."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; keys that exist may do nothing until they are given scopes."""
    op.execute(
        """
        alter table api_keys
            add column environment text not null default 'live'
                check (environment in ('live', 'test')),
            add column kind text not null default 'app' check (kind in ('app', 'internal')),
            add column scopes text[] not null default '{}',
            add column last_used_at timestamptz,
            add column replaced_by text
        """
    )


def downgrade() -> None:
    """Drop the columns."""
    op.execute(
        "alter table api_keys drop column environment, drop column kind, drop column scopes,"
        " drop column last_used_at, drop column replaced_by"
    )
