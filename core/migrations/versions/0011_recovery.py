"""Recovery: flows and their versions, episodes with every step they took, what they did."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# A signal says that an object of the provider changed which recovery may care about; it is noted
# in the transaction that applies the change, and struck off when it was looked at.
TABLES = """
create table recovery_settings (
    workspace_id text not null,
    connection_id text not null,
    is_enabled boolean not null,
    owner text not null check (owner in ('provider', 'oppulence')),
    timezone text not null,
    swept_at timestamptz,
    updated_at timestamptz not null,
    primary key (workspace_id, connection_id),
    foreign key (workspace_id, connection_id)
        references connections (workspace_id, id) on delete cascade
);

create table recovery_signals (
    workspace_id text not null,
    connection_id text not null,
    object text not null,
    id text not null,
    version bigint not null,
    noted_at timestamptz not null,
    leased_until timestamptz not null default '-infinity',
    attempts integer not null default 0,
    primary key (workspace_id, connection_id, object, id)
);
create index recovery_signals_due on recovery_signals (leased_until, noted_at);

create table recovery_flows (
    workspace_id text not null references workspaces (id) on delete cascade,
    id text not null,
    name text not null,
    state text not null check (state in ('draft', 'live', 'paused', 'archived')),
    rank integer not null,
    draft jsonb not null,
    live_version integer,
    last_version integer not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (workspace_id, id)
);

create table recovery_flow_versions (
    workspace_id text not null,
    flow_id text not null,
    version integer not null,
    document jsonb not null,
    published_at timestamptz not null,
    published_by text not null,
    primary key (workspace_id, flow_id, version),
    foreign key (workspace_id, flow_id)
        references recovery_flows (workspace_id, id) on delete cascade
);

create table recovery_episodes (
    workspace_id text not null,
    id text not null,
    connection_id text not null,
    subject_kind text not null,
    subject_id text not null,
    cause text not null,
    customer_id text not null,
    subscription_id text not null default '',
    amount_minor bigint not null,
    currency text not null,
    facts jsonb not null,
    flow_id text,
    flow_version integer,
    step text not null default '',
    state text not null check (state in ('running', 'paused', 'ended')),
    outcome text not null default '',
    reason text not null default '',
    recovered_minor bigint not null default 0,
    recovered_by text not null default ''
        check (recovered_by in ('', 'retry', 'payer', 'provider', 'out_of_band')),
    memory jsonb not null default '{}',
    revision integer not null,
    awaits text not null default '',
    due_at timestamptz,
    opened_at timestamptz not null,
    ended_at timestamptz,
    updated_at timestamptz not null,
    primary key (workspace_id, id),
    unique (workspace_id, connection_id, subject_kind, subject_id),
    foreign key (workspace_id, connection_id)
        references connections (workspace_id, id) on delete cascade
) with (fillfactor = 70);
create index recovery_episodes_due on recovery_episodes (due_at) where due_at is not null;
create index recovery_episodes_of_customer
    on recovery_episodes (workspace_id, connection_id, customer_id);
create index recovery_episodes_newest on recovery_episodes (workspace_id, opened_at desc, id desc);

create table recovery_transitions (
    workspace_id text not null,
    episode_id text not null,
    revision integer not null,
    at timestamptz not null,
    kind text not null,
    from_step text not null,
    to_step text not null,
    reason text not null,
    details jsonb not null,
    primary key (workspace_id, episode_id, revision),
    foreign key (workspace_id, episode_id)
        references recovery_episodes (workspace_id, id) on delete cascade
);

create table recovery_actions (
    workspace_id text not null,
    id text not null,
    episode_id text not null,
    revision integer not null,
    step text not null,
    kind text not null check (kind in
        ('take_over', 'retry', 'message', 'task', 'webhook', 'subscription')),
    is_manual boolean not null,
    customer_id text not null,
    content jsonb not null,
    state text not null check (state in
        ('ready', 'started', 'done', 'failed', 'skipped', 'unknown')),
    result jsonb not null default '{}',
    attempts integer not null default 0,
    created_at timestamptz not null,
    due_at timestamptz not null,
    leased_until timestamptz not null default '-infinity',
    started_at timestamptz,
    ended_at timestamptz,
    primary key (workspace_id, id),
    foreign key (workspace_id, episode_id)
        references recovery_episodes (workspace_id, id) on delete cascade
);
create index recovery_actions_due on recovery_actions (due_at)
    where state in ('ready', 'started');
create index recovery_actions_of_episode on recovery_actions (workspace_id, episode_id, created_at);
create index recovery_actions_messages on recovery_actions (workspace_id, customer_id, ended_at)
    where kind = 'message' and state in ('done', 'unknown');

create table recovery_attempts (
    workspace_id text not null,
    connection_id text not null,
    id text not null,
    episode_id text not null,
    fingerprint text not null,
    attempted_at timestamptz not null,
    is_success boolean not null,
    is_ours boolean not null,
    decline_code text not null,
    decline_class text not null,
    amount_minor bigint not null,
    currency text not null,
    primary key (workspace_id, connection_id, id),
    foreign key (workspace_id, episode_id)
        references recovery_episodes (workspace_id, id) on delete cascade
);
create index recovery_attempts_of_card
    on recovery_attempts (workspace_id, connection_id, fingerprint, attempted_at);
create index recovery_attempts_of_episode on recovery_attempts (workspace_id, episode_id);

create table recovery_tasks (
    workspace_id text not null,
    id text not null,
    episode_id text not null,
    instruction text not null,
    created_at timestamptz not null,
    done_at timestamptz,
    done_by text not null default '',
    primary key (workspace_id, id),
    foreign key (workspace_id, episode_id)
        references recovery_episodes (workspace_id, id) on delete cascade
);

create table recovery_assignments (
    workspace_id text not null,
    connection_id text not null,
    experiment text not null,
    unit text not null,
    arm text not null,
    is_holdout boolean not null,
    stratum text not null,
    episode_id text not null,
    assigned_at timestamptz not null,
    primary key (workspace_id, connection_id, experiment, unit),
    foreign key (workspace_id, connection_id)
        references connections (workspace_id, id) on delete cascade
);

create table recovery_suppressions (
    workspace_id text not null references workspaces (id) on delete cascade,
    channel text not null,
    address_hash text not null,
    reason text not null,
    created_at timestamptz not null,
    primary key (workspace_id, channel, address_hash)
);
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
    "recovery_settings", "recovery_signals", "recovery_flows", "recovery_flow_versions",
    "recovery_episodes", "recovery_transitions", "recovery_actions", "recovery_attempts",
    "recovery_tasks", "recovery_assignments", "recovery_suppressions",
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
