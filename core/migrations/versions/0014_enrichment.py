"""Enrichment: registered models, and what users said of transactions."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = """
create table enrichment_models (
    id text primary key,
    facet text not null,
    workspace_id text references workspaces (id) on delete cascade,
    version text not null,
    sha256 text not null,
    object_path text not null,
    bytes bigint not null,
    score double precision not null,
    measures jsonb not null,
    is_champion boolean not null,
    trained_at timestamptz not null
);
create unique index enrichment_models_version
    on enrichment_models (facet, coalesce(workspace_id, ''), version);
create unique index enrichment_models_champion
    on enrichment_models (facet, coalesce(workspace_id, '')) where is_champion;
alter table enrichment_models enable row level security;
alter table enrichment_models force row level security;
create policy enrichment_models_of_workspace on enrichment_models for select
    using (workspace_id is null or workspace_id = current_setting('app.workspace_id', true));
create policy enrichment_models_of_all on enrichment_models to oppulence_system
    using (true) with check (true);
grant select on enrichment_models to oppulence_app;
grant select, insert, update on enrichment_models to oppulence_system;

create table enrichment_feedback (
    workspace_id text not null references workspaces (id) on delete cascade,
    id text not null,
    facet text not null,
    like_key text not null,
    connection_id text,
    transaction_id text,
    merchant text not null,
    amount_minor bigint not null,
    value_before text,
    value text not null,
    said_by text not null,
    said_at timestamptz not null,
    review text not null default 'waiting' check (review in ('waiting', 'accepted', 'refused')),
    reviewed_at timestamptz,
    primary key (workspace_id, id)
);
create index enrichment_feedback_alike
    on enrichment_feedback (workspace_id, like_key, facet, said_at desc);
create index enrichment_feedback_review on enrichment_feedback (review, said_at);
alter table enrichment_feedback enable row level security;
alter table enrichment_feedback force row level security;
create policy enrichment_feedback_of_workspace on enrichment_feedback
    using (workspace_id = current_setting('app.workspace_id', true))
    with check (workspace_id = current_setting('app.workspace_id', true));
create policy enrichment_feedback_of_all on enrichment_feedback to oppulence_system
    using (true) with check (true);
grant select, insert on enrichment_feedback to oppulence_app;
grant select, update, delete on enrichment_feedback to oppulence_system;
"""


def upgrade() -> None:
    """Add the tables."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop everything of this revision."""
    op.execute("drop table enrichment_feedback; drop table enrichment_models")
