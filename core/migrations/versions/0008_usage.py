"""A workspace's use of the API by day, and its own quotas of expensive work."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table with its policy; add the quotas."""
    op.execute(
        """
        create table api_usage (
            workspace_id text not null,
            day date not null,
            caller_id text not null,
            route_class text not null,
            epoch text not null,
            requests bigint not null,
            limited bigint not null,
            primary key (workspace_id, day, caller_id, route_class, epoch)
        );
        alter table api_usage enable row level security;
        alter table api_usage force row level security;
        create policy api_usage_of_workspace on api_usage
            using (workspace_id = current_setting('app.workspace_id', true))
            with check (workspace_id = current_setting('app.workspace_id', true));
        grant select, insert, update on api_usage to oppulence_app;
        alter table workspaces
            add column syncs_per_day integer check (syncs_per_day > 0),
            add column exports_per_day integer check (exports_per_day > 0);
        """
    )


def downgrade() -> None:
    """Drop everything of this revision."""
    op.execute(
        "drop table api_usage;"
        " alter table workspaces drop column syncs_per_day, drop column exports_per_day"
    )
