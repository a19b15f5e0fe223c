"""Members, the audit log, answers of idempotent requests, and a workspace's own request limit."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# A member is invited by address; `user_id` joins them to a person once they have signed in.
TABLES = """
alter table workspaces
    add column updated_at timestamptz not null default now(),
    add column requests_per_minute integer check (requests_per_minute > 0);

create table members (
    workspace_id text not null references workspaces (id) on delete cascade,
    id text not null,
    email text not null check (email = lower(email)),
    name text not null default '',
    role text not null check (role in ('owner', 'admin', 'member')),
    user_id text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (workspace_id, id),
    unique (workspace_id, email)
);

create table audit_log (
    workspace_id text not null,
    id text not null,
    occurred_at timestamptz not null,
    actor_kind text not null,
    actor_id text not null,
    actor_name text not null,
    action text not null,
    target text not null,
    details jsonb not null,
    request_id text not null,
    primary key (workspace_id, id)
);
create index audit_log_newest on audit_log (workspace_id, occurred_at desc, id desc);

create table idempotent_answers (
    workspace_id text not null references workspaces (id) on delete cascade,
    api_key_id text not null,
    idempotency_key text not null,
    request_hash bytea not null,
    status integer,
    sealed_answer text,
    created_at timestamptz not null,
    primary key (workspace_id, api_key_id, idempotency_key)
);
create index idempotent_answers_oldest on idempotent_answers (workspace_id, created_at);
"""

POLICIES = """
alter table {table} enable row level security;
alter table {table} force row level security;
create policy {table}_of_workspace on {table}
    using (workspace_id = current_setting('app.workspace_id', true))
    with check (workspace_id = current_setting('app.workspace_id', true));
grant {rights} on {table} to oppulence_app;
"""

# Rights alone would let the owner rewrite history by accident.
APPEND_ONLY = """
create function refuse_change() returns trigger language plpgsql as
$$ begin raise exception 'the audit log is append only'; end $$;
create trigger audit_log_append_only before update or delete on audit_log
    for each row execute function refuse_change();
"""


def upgrade() -> None:
    """Create the tables, their policies and the guard of the log."""
    op.execute(TABLES)
    op.execute(POLICIES.format(table="members", rights="select, insert, update, delete"))
    op.execute(POLICIES.format(table="audit_log", rights="select, insert"))
    op.execute(POLICIES.format(table="idempotent_answers", rights="select, insert, update, delete"))
    op.execute(APPEND_ONLY)


def downgrade() -> None:
    """Drop everything of this revision."""
    op.execute(
        "drop table idempotent_answers; drop table audit_log; drop function refuse_change();"
        " drop table members;"
        " alter table workspaces drop column updated_at, drop column requests_per_minute"
    )
