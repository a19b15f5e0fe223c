"""A brand's voice and sender; who told that an address is to be left alone, in which episode."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and an index for the list, newest first."""
    op.execute(
        "alter table recovery_brands add column sender_name text not null default '',"
        " add column voice text not null default 'neutral'"
        " check (voice in ('friendly', 'neutral', 'firm', 'formal'));"
        " alter table recovery_suppressions add column told_by text not null default '',"
        " add column episode_id text not null default '';"
        " create index recovery_suppressions_newest"
        " on recovery_suppressions (workspace_id, created_at, channel, address_hash)"
    )


def downgrade() -> None:
    """Drop them."""
    op.execute(
        "drop index recovery_suppressions_newest;"
        " alter table recovery_suppressions drop column told_by, drop column episode_id;"
        " alter table recovery_brands drop column sender_name, drop column voice"
    )
