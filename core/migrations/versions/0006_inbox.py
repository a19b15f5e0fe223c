"""The inbox of webhooks, what became of its entries, and the latest state of every object."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# `inbox` is a log: a workspace's entries in the order of their commits (the function below sees to
# that), so that one number per workspace and store says what has been applied. Payloads are bytes
# as they came, valid JSON or not, and stay uncompressed in their row: compressing costs more than
# the whole insert, and an entry lives for days only.
TABLES = """
create table inbox (
    workspace_id text not null,
    position bigint generated always as identity,
    provider text not null,
    connection_id text not null,
    kind text not null check (kind in ('event', 'object')),
    event_id text not null,
    origin text not null,
    object text not null default '',
    object_id text not null default '',
    version bigint not null default 0,
    is_deleted boolean not null default false,
    payload bytea not null,
    received_at timestamptz not null default clock_timestamp(),
    primary key (workspace_id, position),
    unique (workspace_id, connection_id, event_id)
) with (toast_tuple_target = 8160);
alter table inbox alter column payload set storage external;

create table inbox_heads (
    workspace_id text primary key,
    position bigint not null,
    appended_at timestamptz not null
) with (fillfactor = 50);

create table inbox_progress (
    workspace_id text not null,
    store text not null check (store in ('postgres', 'clickhouse')),
    position bigint not null,
    applied_at timestamptz not null,
    primary key (workspace_id, store)
) with (fillfactor = 50);

create table latest_objects (
    workspace_id text not null,
    connection_id text not null,
    object text not null,
    id text not null,
    version bigint not null,
    event_id text not null,
    is_deleted boolean not null,
    payload jsonb not null,
    updated_at timestamptz not null,
    primary key (workspace_id, connection_id, object, id)
) with (toast_tuple_target = 8160);
alter table latest_objects alter column payload set storage external;

create table event_tasks (
    workspace_id text not null,
    id text not null,
    stage text not null check (stage in ('postgres', 'clickhouse', 'refetch')),
    subject text not null,
    position bigint not null,
    provider text not null,
    connection_id text not null,
    object text not null default '',
    object_id text not null default '',
    cause text not null default '',
    detail text not null default '',
    attempts integer not null default 0,
    created_at timestamptz not null,
    failed_at timestamptz,
    next_attempt_at timestamptz,
    primary key (workspace_id, id),
    unique (workspace_id, stage, subject)
);
create index event_tasks_due on event_tasks (next_attempt_at) where next_attempt_at is not null;

create table webhook_secrets (
    workspace_id text not null,
    connection_id text not null,
    number integer not null,
    sealed_secret text not null,
    created_at timestamptz not null,
    primary key (workspace_id, connection_id, number),
    foreign key (workspace_id, connection_id)
        references connections (workspace_id, id) on delete cascade
);

create table parked_deliveries (
    id bigint generated always as identity primary key,
    workspace_id text not null,
    provider text not null,
    connection_id text not null,
    headers jsonb not null,
    payload bytea not null,
    received_at timestamptz not null
);

create table engine_figures (
    name text not null,
    label text not null,
    value double precision not null,
    told_at timestamptz not null,
    primary key (name, label)
);
"""

POLICIES = """
alter table {table} enable row level security;
alter table {table} force row level security;
create policy {table}_of_workspace on {table}
    using (workspace_id = current_setting('app.workspace_id', true))
    with check (workspace_id = current_setting('app.workspace_id', true));
create policy {table}_of_all on {table} to oppulence_system using (true) with check (true);
grant {rights} on {table} to oppulence_app;
grant select, insert, update, delete on {table} to oppulence_system;
"""

TENANT_TABLES = {
    "inbox": "select, insert",
    "inbox_heads": "select, insert, update",
    "inbox_progress": "select",
    "latest_objects": "select",
    "event_tasks": "select, update, delete",
    "webhook_secrets": "select, insert, update, delete",
}

# A delivery for a connection that nobody knows belongs to no workspace yet: whoever receives it may
# only add it. The platform's own figures hold no tenant's data.
OTHERS = """
alter table parked_deliveries enable row level security;
alter table parked_deliveries force row level security;
create policy parked_deliveries_added on parked_deliveries for insert to oppulence_app
    with check (true);
create policy parked_deliveries_of_all on parked_deliveries to oppulence_system
    using (true) with check (true);
grant insert on parked_deliveries to oppulence_app;
grant select, delete on parked_deliveries to oppulence_system;

alter table engine_figures enable row level security;
alter table engine_figures force row level security;
create policy engine_figures_read on engine_figures for select using (true);
create policy engine_figures_told on engine_figures to oppulence_system
    using (true) with check (true);
grant select on engine_figures to oppulence_app;
grant select, insert, update, delete on engine_figures to oppulence_system;

-- A provider names the connection alone. Within a transaction that names one, the application may
-- read that connection and its secrets, whichever workspace they belong to, and no other.
create policy connections_named on connections for select to oppulence_app
    using (id = current_setting('app.connection_id', true));
create policy webhook_secrets_named on webhook_secrets for select to oppulence_app
    using (connection_id = current_setting('app.connection_id', true));
"""

# One call is one transaction, for entries of any number of workspaces, each written under its own
# name. The lock is held until the commit is visible: positions become visible in their order, and
# a reader that has seen one has seen all before it.
APPEND = """
create function append_to_inbox(
    workspaces text[], providers text[], connections text[], kinds text[], event_ids text[],
    origins text[], objects text[], object_ids text[], versions bigint[], deletions boolean[],
    payloads bytea[]
) returns integer language plpgsql as $$
declare
    workspace text;
    added bigint;
    newest bigint;
    total bigint := 0;
begin
    perform pg_advisory_xact_lock(715802);
    for workspace in select distinct w from unnest(workspaces) as w order by w loop
        perform set_config('app.workspace_id', workspace, true);
        with inserted as (
            insert into inbox (workspace_id, provider, connection_id, kind, event_id, origin,
                object, object_id, version, is_deleted, payload)
            select e.w, e.p, e.c, e.k, e.i, e.o, e.ob, e.oi, e.v, e.d, e.b
            from unnest(workspaces, providers, connections, kinds, event_ids, origins, objects,
                object_ids, versions, deletions, payloads)
                as e(w, p, c, k, i, o, ob, oi, v, d, b)
            where e.w = workspace
            on conflict do nothing
            returning position
        )
        select count(*), max(position) into added, newest from inserted;
        if added > 0 then
            insert into inbox_heads as h (workspace_id, position, appended_at)
            values (workspace, newest, clock_timestamp())
            on conflict (workspace_id) do update
                set position = greatest(h.position, excluded.position),
                    appended_at = excluded.appended_at;
            total := total + added;
        end if;
    end loop;
    if total > 0 then
        perform pg_notify('inbox', '');
    end if;
    return total;
end $$;
revoke execute on function append_to_inbox from public;
grant execute on function append_to_inbox to oppulence_app, oppulence_system;
"""


def upgrade() -> None:
    """Create the tables, their policies and the way in."""
    op.execute(TABLES)
    for table, rights in TENANT_TABLES.items():
        op.execute(POLICIES.format(table=table, rights=rights))
    op.execute(OTHERS)
    op.execute(APPEND)


def downgrade() -> None:
    """Drop everything of this revision."""
    op.execute("drop function append_to_inbox")
    op.execute("drop policy connections_named on connections")
    op.execute(
        "drop table engine_figures, parked_deliveries, webhook_secrets, event_tasks,"
        " latest_objects, inbox_progress, inbox_heads, inbox"
    )
