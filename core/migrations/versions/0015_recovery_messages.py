"""Messages to payers: how a company's look, its own words, and the links that they carry."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = """
create table recovery_brands (
    workspace_id text primary key references workspaces (id) on delete cascade,
    company_name text not null,
    support_email text not null,
    colour text not null,
    logo_url text not null,
    postal_address text not null,
    updated_at timestamptz not null
);

create table recovery_templates (
    workspace_id text not null references workspaces (id) on delete cascade,
    purpose text not null,
    language text not null,
    tone text not null,
    document jsonb not null,
    updated_at timestamptz not null,
    updated_by text not null,
    primary key (workspace_id, purpose, language, tone)
);

create table recovery_links (
    workspace_id text not null,
    token_hash bytea not null,
    purpose text not null check (purpose in ('pay', 'unsubscribe')),
    episode_id text not null,
    language text not null,
    channel text not null,
    address_hash text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (token_hash),
    foreign key (workspace_id, episode_id)
        references recovery_episodes (workspace_id, id) on delete cascade
);
create index recovery_links_of_episode on recovery_links (workspace_id, episode_id);
"""

# A payer has no account: what opens the link's row is the hash of the token that they show.
POLICIES = """
alter table {table} enable row level security;
alter table {table} force row level security;
create policy {table}_of_workspace on {table}
    using (workspace_id = current_setting('app.workspace_id', true))
    with check (workspace_id = current_setting('app.workspace_id', true));
create policy {table}_of_all on {table} to oppulence_system using (true) with check (true);
grant select, insert, update, delete on {table} to oppulence_app, oppulence_system;
"""
BEARER = """
create policy recovery_links_of_bearer on recovery_links for select
    using (encode(token_hash, 'hex') = current_setting('app.lookup', true));
"""

NAMES = ("recovery_brands", "recovery_templates", "recovery_links")


def upgrade() -> None:
    """Create the tables and their policies."""
    op.execute(TABLES)
    for table in NAMES:
        op.execute(POLICIES.format(table=table))
    op.execute(BEARER)


def downgrade() -> None:
    """Drop everything of this revision."""
    for table in reversed(NAMES):
        op.execute(f"drop table {table}")
