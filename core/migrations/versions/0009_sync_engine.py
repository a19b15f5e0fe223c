"""Replays and their shadows, backfills and their windows, and where events of ours are sent."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = """
create table replays (
    workspace_id text not null,
    id text not null,
    provider text not null,
    target text not null check (target in ('in_place', 'shadow')),
    filters jsonb not null,
    events bigint not null,
    objects bigint not null,
    created_at timestamptz not null,
    primary key (workspace_id, id)
);

create table shadow_objects (
    workspace_id text not null,
    replay_id text not null,
    connection_id text not null,
    object text not null,
    id text not null,
    version bigint not null,
    is_deleted boolean not null,
    payload text not null,
    primary key (workspace_id, replay_id, connection_id, object, id),
    foreign key (workspace_id, replay_id) references replays (workspace_id, id) on delete cascade
);

create table backfills (
    workspace_id text not null,
    id text not null,
    connection_id text not null,
    provider text not null,
    objects text[],
    state text not null
        check (state in ('running', 'succeeded', 'failed', 'canceled')),
    requested_at timestamptz not null,
    ended_at timestamptz,
    primary key (workspace_id, id),
    foreign key (workspace_id, connection_id)
        references connections (workspace_id, id) on delete cascade
);

create table backfill_windows (
    workspace_id text not null,
    backfill_id text not null,
    number integer not null,
    since_at timestamptz,
    until_at timestamptz,
    state text not null
        check (state in ('queued', 'running', 'succeeded', 'failed', 'canceled')),
    attempt integer not null default 0,
    run_id text,
    rows_landed bigint not null default 0,
    primary key (workspace_id, backfill_id, number),
    foreign key (workspace_id, backfill_id)
        references backfills (workspace_id, id) on delete cascade
);

create table webhook_endpoints (
    workspace_id text not null references workspaces (id) on delete cascade,
    id text not null,
    url text not null,
    description text not null,
    event_types text[] not null,
    sealed_secrets text[] not null,
    state text not null check (state in ('enabled', 'disabled')),
    state_reason text not null default '',
    failing_since timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (workspace_id, id)
);

create table outbound_events (
    workspace_id text not null,
    id text not null,
    type text not null,
    body text not null,
    created_at timestamptz not null,
    primary key (workspace_id, id)
);

create table outbound_deliveries (
    workspace_id text not null,
    id text not null,
    event_id text not null,
    endpoint_id text not null,
    state text not null check (state in ('waiting', 'delivered', 'failed')),
    attempts integer not null default 0,
    next_attempt_at timestamptz,
    answered integer,
    detail text not null default '',
    created_at timestamptz not null,
    attempted_at timestamptz,
    primary key (workspace_id, id),
    foreign key (workspace_id, endpoint_id)
        references webhook_endpoints (workspace_id, id) on delete cascade,
    foreign key (workspace_id, event_id)
        references outbound_events (workspace_id, id) on delete cascade
);
create index outbound_deliveries_due on outbound_deliveries (next_attempt_at)
    where next_attempt_at is not null;
create index outbound_deliveries_newest
    on outbound_deliveries (workspace_id, endpoint_id, created_at desc, id desc);
"""

POLICIES = """
alter table {table} enable row level security;
alter table {table} force row level security;
create policy {table}_of_workspace on {table}
    using (workspace_id = current_setting('app.workspace_id', true))
    with check (workspace_id = current_setting('app.workspace_id', true));
create policy {table}_of_all on {table} to oppulence_system using (true) with check (true);
grant select, insert, update, delete on {table} to oppulence_app, oppulence_system;
"""

NAMES = (
    "replays", "shadow_objects", "backfills", "backfill_windows", "webhook_endpoints",
    "outbound_events", "outbound_deliveries",
)  # fmt: skip


def upgrade() -> None:
    """Create the tables and their policies."""
    op.execute(TABLES)
    for table in NAMES:
        op.execute(POLICIES.format(table=table))


def downgrade() -> None:
    """Drop everything of this revision."""
    for table in reversed(NAMES):
        op.execute(f"drop table {table}")
