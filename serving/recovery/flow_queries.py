"""What does the API ask of flows? Postgres statements inside the workspace's transaction."""

COLUMNS = """
f.id, f.name, f.state, f.rank, f.live_version, f.last_version, f.created_at, f.updated_at,
(select count(*) from recovery_episodes e where e.workspace_id = f.workspace_id
    and e.flow_id = f.id and e.state <> 'ended') as episodes_running
"""
LIST = f"select {COLUMNS} from recovery_flows f order by f.rank, f.created_at, f.id"
ONE = f"select {COLUMNS}, f.draft from recovery_flows f where f.id = %s for update of f"
CREATE = """
insert into recovery_flows
    (workspace_id, id, name, state, rank, draft, created_at, updated_at)
values (%(workspace_id)s, %(id)s, %(name)s, 'draft', %(rank)s, %(draft)s, %(now)s, %(now)s)
"""
SAVE = """
update recovery_flows set draft = %(draft)s, name = %(name)s, rank = coalesce(%(rank)s, rank),
    updated_at = %(now)s
where id = %(id)s
"""
PUBLISH = """
insert into recovery_flow_versions
    (workspace_id, flow_id, version, document, published_at, published_by)
values (%(workspace_id)s, %(id)s, %(version)s, %(document)s, %(now)s, %(who)s)
"""
SET = """
update recovery_flows set state = %(state)s, live_version = %(live_version)s,
    last_version = greatest(last_version, %(last_version)s), updated_at = %(now)s
where id = %(id)s
"""
VERSIONS = """
select version, document, published_at, published_by from recovery_flow_versions
where flow_id = %s order by version desc limit 200
"""
VERSION = "select document from recovery_flow_versions where flow_id = %s and version = %s"
