"""Which Slack channel hears a workspace's alerts: the address of its incoming webhook, sealed."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, its policies and grants."""
    op.execute(
        """
create table recovery_slack (
    workspace_id text primary key references workspaces (id) on delete cascade,
    sealed_url text not null,
    updated_at timestamptz not null,
    updated_by text not null
);
alter table recovery_slack enable row level security;
alter table recovery_slack force row level security;
create policy recovery_slack_of_workspace on recovery_slack
    using (workspace_id = current_setting('app.workspace_id', true))
    with check (workspace_id = current_setting('app.workspace_id', true));
create policy recovery_slack_of_all on recovery_slack
    to oppulence_system using (true) with check (true);
grant select, insert, update, delete on recovery_slack to oppulence_app, oppulence_system;
"""
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("drop table recovery_slack")
