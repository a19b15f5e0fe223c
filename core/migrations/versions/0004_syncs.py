"""Syncs that somebody asked for: queued, handed to Dagster, ended."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and its policy; a connection has one open sync at most."""
    op.execute(
        """
        create table syncs (
            workspace_id text not null,
            id text not null,
            connection_id text not null,
            provider text not null,
            state text not null
                check (state in ('queued', 'running', 'succeeded', 'failed', 'canceled')),
            run_id text,
            requested_at timestamptz not null,
            submitted_at timestamptz,
            ended_at timestamptz,
            primary key (workspace_id, id),
            foreign key (workspace_id, connection_id)
                references connections (workspace_id, id) on delete cascade
        );
        create unique index syncs_open on syncs (workspace_id, connection_id)
            where state in ('queued', 'running');
        alter table syncs enable row level security;
        alter table syncs force row level security;
        create policy syncs_of_workspace on syncs
            using (workspace_id = current_setting('app.workspace_id', true))
            with check (workspace_id = current_setting('app.workspace_id', true));
        grant select, insert, update on syncs to oppulence_app;
        """
    )


def downgrade() -> None:
    """Drop the table."""
    op.execute("drop table syncs")
