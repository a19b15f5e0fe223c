"""A workspace's words of a message: a draft that may have faults, versions that never change."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# What was in use becomes version 1.
VERSIONS = """
create table recovery_template_versions (
    workspace_id text not null,
    purpose text not null,
    language text not null,
    tone text not null,
    version integer not null,
    document jsonb not null,
    published_at timestamptz not null,
    published_by text not null,
    primary key (workspace_id, purpose, language, tone, version),
    foreign key (workspace_id, purpose, language, tone)
        references recovery_templates (workspace_id, purpose, language, tone) on delete cascade
);
insert into recovery_template_versions
select workspace_id, purpose, language, tone, 1, document, updated_at, updated_by
from recovery_templates;
alter table recovery_templates
    add column live_version integer,
    add column last_version integer not null default 0;
update recovery_templates set live_version = 1, last_version = 1;
alter table recovery_templates rename column document to draft;
alter table recovery_templates alter column draft drop not null;
update recovery_templates set draft = null;
"""
POLICIES = """
alter table recovery_template_versions enable row level security;
alter table recovery_template_versions force row level security;
create policy recovery_template_versions_of_workspace on recovery_template_versions
    using (workspace_id = current_setting('app.workspace_id', true))
    with check (workspace_id = current_setting('app.workspace_id', true));
create policy recovery_template_versions_of_all on recovery_template_versions
    to oppulence_system using (true) with check (true);
grant select, insert, update, delete on recovery_template_versions
    to oppulence_app, oppulence_system;
"""
BACK = """
delete from recovery_templates where live_version is null;
update recovery_templates held set draft = version.document
from recovery_template_versions version
where version.workspace_id = held.workspace_id and version.purpose = held.purpose
    and version.language = held.language and version.tone = held.tone
    and version.version = held.live_version;
alter table recovery_templates alter column draft set not null;
alter table recovery_templates rename column draft to document;
alter table recovery_templates drop column live_version, drop column last_version;
drop table recovery_template_versions;
"""


def upgrade() -> None:
    """Keep versions beside the words in use."""
    op.execute(VERSIONS)
    op.execute(POLICIES)


def downgrade() -> None:
    """Keep only what is in use."""
    op.execute(BACK)
