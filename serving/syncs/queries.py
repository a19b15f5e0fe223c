"""What does the API ask of syncs? Postgres statements inside the workspace's transaction."""

_COLUMNS = "id, connection_id, provider, state, run_id, requested_at, submitted_at, ended_at"

ONE = f"select {_COLUMNS} from syncs where id = %s for update"
# Oldest connection first and locked, so that two requests for the same ones take turns.
CONNECTIONS = """
select id, provider, status from connections
where %(connection_id)s::text is null or id = %(connection_id)s
order by created_at, id for update
"""
OPEN = f"""
select {_COLUMNS} from syncs
where connection_id = %s and state in ('queued', 'running') for update
"""
REQUEST = f"""
insert into syncs (workspace_id, id, connection_id, provider, state, requested_at)
values (%(workspace_id)s, %(id)s, %(connection_id)s, %(provider)s, 'queued', %(now)s)
returning {_COLUMNS}
"""
SUBMITTED = f"""
update syncs set state = 'running', run_id = %(run_id)s, submitted_at = %(now)s
where id = %(id)s returning {_COLUMNS}
"""
ENDED = f"""
update syncs set state = %(state)s, ended_at = %(now)s where id = %(id)s returning {_COLUMNS}
"""
