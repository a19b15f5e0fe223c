"""People: who they are, how they prove it, the sessions they hold, and invitations."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# No workspace owns a person, so these rows are bound to what the request could show: a session's
# or a link's token (by its hash), an address that was typed or proven, an issuer's subject.
TABLES = """
create table users (
    id text primary key,
    email text not null unique check (email = lower(email)),
    name text not null default '',
    created_at timestamptz not null
);

create table identities (
    issuer text not null,
    subject text not null,
    user_id text not null references users (id) on delete cascade,
    created_at timestamptz not null,
    primary key (issuer, subject),
    unique (user_id, issuer)
);

create table sign_ins (
    id text primary key,
    token_hash bytea not null unique,
    address text not null default '',
    code_hash bytea,
    sealed_secrets text not null default '',
    attempts integer not null default 0,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    completed_at timestamptz
);
create index sign_ins_of_address on sign_ins (address, created_at);
create index sign_ins_expired on sign_ins (expires_at);

create table sessions (
    id text primary key,
    user_id text not null references users (id) on delete cascade,
    token_hash bytea not null unique,
    method text not null check (method in ('code', 'oidc')),
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz
);
create index sessions_of_user on sessions (user_id);
create index members_of_user on members (user_id) where user_id is not null;
create index members_of_email on members (email);

create table invitations (
    workspace_id text not null references workspaces (id) on delete cascade,
    id text not null,
    email text not null check (email = lower(email)),
    role text not null check (role in ('owner', 'admin', 'member')),
    token_hash bytea not null unique,
    invited_by text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    accepted_at timestamptz,
    revoked_at timestamptz,
    primary key (workspace_id, id)
);
create unique index invitations_open on invitations (workspace_id, email)
    where accepted_at is null and revoked_at is null;
create index invitations_newest on invitations (workspace_id, created_at desc, id desc);
"""

POLICIES = """
alter table users enable row level security;
alter table users force row level security;
create policy users_of_person on users
    using (id = current_setting('app.user_id', true)
        or email = current_setting('app.lookup', true))
    with check (id = current_setting('app.user_id', true));
grant select, insert, update on users to oppulence_app;

alter table identities enable row level security;
alter table identities force row level security;
create policy identities_of_person on identities
    using (user_id = current_setting('app.user_id', true)
        or issuer || ' ' || subject = current_setting('app.lookup', true))
    with check (user_id = current_setting('app.user_id', true));
grant select, insert on identities to oppulence_app;

alter table sign_ins enable row level security;
alter table sign_ins force row level security;
create policy sign_ins_of_visitor on sign_ins
    using (encode(token_hash, 'hex') = current_setting('app.lookup', true)
        or address = nullif(current_setting('app.lookup', true), ''));
create policy sign_ins_expired on sign_ins for delete
    using (expires_at < now() - interval '1 day');
grant select, insert, update, delete on sign_ins to oppulence_app;

alter table sessions enable row level security;
alter table sessions force row level security;
create policy sessions_of_person on sessions
    using (user_id = current_setting('app.user_id', true)
        or encode(token_hash, 'hex') = current_setting('app.lookup', true));
grant select, insert, update, delete on sessions to oppulence_app;

alter table invitations enable row level security;
alter table invitations force row level security;
create policy invitations_of_workspace on invitations
    using (workspace_id = current_setting('app.workspace_id', true))
    with check (workspace_id = current_setting('app.workspace_id', true));
create policy invitations_of_bearer on invitations for select
    using (encode(token_hash, 'hex') = current_setting('app.lookup', true));
grant select, insert, update on invitations to oppulence_app;

create policy members_of_person on members for select
    using (user_id = current_setting('app.user_id', true)
        or email = current_setting('app.lookup', true));
create policy workspaces_of_person on workspaces for select
    using (id in (select workspace_id from members
        where user_id = current_setting('app.user_id', true)));
"""


def upgrade() -> None:
    """Create the tables, their policies, and a person's view of their memberships."""
    op.execute(TABLES)
    op.execute(POLICIES)


def downgrade() -> None:
    """Drop everything of this revision."""
    op.execute(
        "drop policy workspaces_of_person on workspaces; drop policy members_of_person on members;"
        " drop index members_of_user; drop index members_of_email;"
        " drop table invitations; drop table sessions; drop table sign_ins;"
        " drop table identities; drop table users"
    )
