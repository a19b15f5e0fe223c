"""What does the API ask of templates? Postgres statements inside the workspace's transaction."""

COLUMNS = """
t.purpose, t.language, t.tone, t.draft, t.live_version, t.last_version, t.updated_at,
(select v.document from recovery_template_versions v where v.workspace_id = t.workspace_id
    and v.purpose = t.purpose and v.language = t.language and v.tone = t.tone
    and v.version = t.live_version) as live
"""
NAMED = "purpose = %(purpose)s and language = %(language)s and tone = %(tone)s"
LIST = f"select {COLUMNS} from recovery_templates t"
ONE = f"{LIST} where {NAMED}"
LOCK = f"{ONE} for update of t"
CREATE = """
insert into recovery_templates (workspace_id, purpose, language, tone, updated_at, updated_by)
values (%(workspace_id)s, %(purpose)s, %(language)s, %(tone)s, %(now)s, %(by)s)
on conflict (workspace_id, purpose, language, tone) do nothing
"""
SET = f"""
update recovery_templates set draft = %(draft)s, live_version = %(live_version)s,
    last_version = %(last_version)s, updated_at = %(now)s, updated_by = %(by)s
where {NAMED}
"""
PUBLISH = """
insert into recovery_template_versions
    (workspace_id, purpose, language, tone, version, document, published_at, published_by)
values (%(workspace_id)s, %(purpose)s, %(language)s, %(tone)s, %(version)s, %(document)s, %(now)s,
    %(by)s)
"""
VERSIONS = f"""
select version, document, published_at, published_by from recovery_template_versions
where {NAMED} order by version desc limit 200
"""
VERSION = f"""
select document from recovery_template_versions where {NAMED} and version = %(version)s
"""
