"""Nothing waits for others inside a transaction: claims; consents under way; erasing on request."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
alter table idempotent_answers add column claim text, add column claimed_until timestamptz;

alter table syncs add column claim text, add column claimed_until timestamptz;
create index syncs_newest on syncs (workspace_id, requested_at desc, id desc);
create index syncs_open_everywhere on syncs (state, requested_at)
    where state in ('queued', 'running');
create policy syncs_of_all on syncs for select to oppulence_system using (true);
grant select on syncs to oppulence_system;

alter table connections
    add column consent_expires_at timestamptz,
    add column erase_requested_at timestamptz,
    add column rows_erased_at timestamptz,
    add column erased_at timestamptz;
create index connections_oldest on connections (workspace_id, created_at, id);

create table links (
    workspace_id text not null references workspaces (id) on delete cascade,
    id text not null,
    provider text not null,
    state_hash bytea not null,
    sealed text not null,
    actor_kind text not null,
    actor_id text not null,
    actor_name text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (workspace_id, id),
    unique (workspace_id, state_hash)
);
create index links_oldest on links (workspace_id, expires_at);
alter table links enable row level security;
alter table links force row level security;
create policy links_of_workspace on links
    using (workspace_id = current_setting('app.workspace_id', true))
    with check (workspace_id = current_setting('app.workspace_id', true));
grant select, insert, update, delete on links to oppulence_app;
"""


def upgrade() -> None:
    """Add the columns and the table."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop everything of this revision."""
    op.execute(
        "drop table links; drop index connections_oldest;"
        " alter table connections drop column consent_expires_at, drop column erase_requested_at,"
        " drop column rows_erased_at, drop column erased_at;"
        " drop policy syncs_of_all on syncs; revoke select on syncs from oppulence_system;"
        " drop index syncs_newest; drop index syncs_open_everywhere;"
        " alter table syncs drop column claim, drop column claimed_until;"
        " alter table idempotent_answers drop column claim, drop column claimed_until"
    )
