"""What a provider says has changed, kept until the connection's sync has been asked for."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; the application may read and strike off its workspace's."""
    op.execute(
        """
        create table sync_notices (
            workspace_id text not null,
            connection_id text not null,
            noticed_at timestamptz not null,
            primary key (workspace_id, connection_id),
            foreign key (workspace_id, connection_id)
                references connections (workspace_id, id) on delete cascade
        );
        alter table sync_notices enable row level security;
        alter table sync_notices force row level security;
        create policy sync_notices_of_workspace on sync_notices
            using (workspace_id = current_setting('app.workspace_id', true))
            with check (workspace_id = current_setting('app.workspace_id', true));
        create policy sync_notices_of_all on sync_notices to oppulence_system
            using (true) with check (true);
        grant select, delete on sync_notices to oppulence_app;
        grant select, insert, update, delete on sync_notices to oppulence_system;
        """
    )


def downgrade() -> None:
    """Drop the table."""
    op.execute("drop table sync_notices")
