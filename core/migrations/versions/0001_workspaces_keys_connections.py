"""Workspaces, API keys and connections, each row bound to its workspace by row-level security."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
create table workspaces (
    id text primary key check (id ~ '^ws_[a-z0-9_]{1,40}$'),
    name text not null,
    created_at timestamptz not null default now()
);

create table api_keys (
    workspace_id text not null references workspaces (id) on delete cascade,
    id text not null,
    name text not null,
    prefix text not null,
    key_hash bytea not null unique,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    primary key (workspace_id, id)
);

create table connections (
    workspace_id text not null references workspaces (id) on delete cascade,
    id text not null check (id ~ '^conn_[a-z0-9_]{1,40}$'),
    provider text not null,
    name text not null,
    provider_account_id text not null,
    api_url text not null,
    sealed_credentials text not null,
    status text not null default 'active'
        check (status in ('active', 'degraded', 'reconsent_required', 'revoked')),
    status_reason text not null default '',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    last_synced_at timestamptz,
    primary key (workspace_id, id),
    unique (workspace_id, provider, provider_account_id)
);
"""

# The application's role is no owner, so FORCE matters for the owner alone: nobody reads a row
# without naming its workspace, but for the system role, which orchestrates every workspace.
POLICIES = """
alter table {table} enable row level security;
alter table {table} force row level security;
create policy {table}_of_workspace on {table}
    using ({column} = current_setting('app.workspace_id', true))
    with check ({column} = current_setting('app.workspace_id', true));
grant select, insert, update, delete on {table} to oppulence_app;
"""

SYSTEM = """
create policy connections_of_all on connections to oppulence_system using (true) with check (true);
create policy workspaces_of_all on workspaces for select to oppulence_system using (true);
grant select on workspaces to oppulence_system;
grant select, update on connections to oppulence_system;
"""


def upgrade() -> None:
    """Create the tables, their policies and the roles' rights."""
    op.execute(TABLES)
    op.execute(POLICIES.format(table="workspaces", column="id"))
    op.execute(POLICIES.format(table="api_keys", column="workspace_id"))
    op.execute(POLICIES.format(table="connections", column="workspace_id"))
    op.execute(SYSTEM)


def downgrade() -> None:
    """Drop everything of this revision."""
    op.execute("drop table connections; drop table api_keys; drop table workspaces")
