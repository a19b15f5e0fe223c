"""What people decide of the books: their chart of accounts, and which matches are right."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = """
create table ledger_accounts (
    workspace_id text not null references workspaces (id) on delete cascade,
    code text not null,
    number text not null,
    name text not null,
    type text not null check (type in ('asset', 'liability', 'equity', 'revenue', 'expense')),
    description text not null,
    updated_at timestamptz not null,
    primary key (workspace_id, code),
    unique (workspace_id, number)
);

create table ledger_postings (
    workspace_id text not null,
    category text not null,
    code text not null,
    updated_at timestamptz not null,
    primary key (workspace_id, category),
    foreign key (workspace_id, code)
        references ledger_accounts (workspace_id, code) on delete cascade
);

create table reconciliation_decisions (
    workspace_id text not null references workspaces (id) on delete cascade,
    id text not null,
    kind text not null check (kind in ('deposit', 'entry')),
    payout_connection_id text not null,
    payout_id text not null,
    connection_id text not null,
    other_id text not null,
    account_id text not null,
    is_confirmed boolean not null,
    note text not null,
    decided_by text not null,
    decided_at timestamptz not null,
    primary key (workspace_id, id),
    unique (workspace_id, kind, payout_connection_id, payout_id, connection_id, other_id,
        account_id)
);
create index reconciliation_decisions_newest
    on reconciliation_decisions (workspace_id, decided_at desc, id desc);
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

NAMES = ("ledger_accounts", "ledger_postings", "reconciliation_decisions")


def upgrade() -> None:
    """Create the tables and their policies."""
    op.execute(TABLES)
    for table in NAMES:
        op.execute(POLICIES.format(table=table))


def downgrade() -> None:
    """Drop everything of this revision."""
    for table in reversed(NAMES):
        op.execute(f"drop table {table}")
