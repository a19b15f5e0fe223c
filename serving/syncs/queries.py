"""What does the API ask of syncs? Postgres statements inside the workspace's transaction."""

_COLUMNS = "id, connection_id, provider, state, run_id, requested_at, submitted_at, ended_at"

ONE = f"select {_COLUMNS} from syncs where id = %s"
PAGE = f"""
select {_COLUMNS} from syncs
where (requested_at, id) < (%(after_at)s, %(after_id)s)
  and (%(connection_id)s::text is null or connection_id = %(connection_id)s)
  and (%(state)s::text is null or state = %(state)s)
order by requested_at desc, id desc
limit %(limit)s
"""
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
RUNNING = f"""
select {_COLUMNS} from syncs
where state = 'running' and (%(connection_id)s::text is null or connection_id = %(connection_id)s)
order by requested_at, id
"""
REQUEST = f"""
insert into syncs (workspace_id, id, connection_id, provider, state, requested_at)
values (%(workspace_id)s, %(id)s, %(connection_id)s, %(provider)s, 'queued', %(now)s)
returning {_COLUMNS}
"""
# Whoever holds the claim hands the sync over; it ends by itself if they crash.
CLAIM = f"""
update syncs set claim = %(claim)s, claimed_until = %(until)s
where id = %(id)s and state = 'queued' and (claimed_until is null or claimed_until < %(now)s)
returning {_COLUMNS}
"""
RELEASE = "update syncs set claimed_until = null where id = %(id)s and claim = %(claim)s"
SUBMITTED = f"""
update syncs set state = 'running', run_id = %(run_id)s, submitted_at = %(now)s,
    claimed_until = null
where id = %(id)s and state = 'queued' and claim = %(claim)s returning {_COLUMNS}
"""
ENDED = f"""
update syncs set state = %(state)s, ended_at = %(now)s
where id = %(id)s and state = 'running' and run_id = %(run_id)s returning {_COLUMNS}
"""
# Asked by the dispatcher under the system role: which workspaces have something to do.
OPEN_EVERYWHERE = """
select workspace_id, id, state from syncs where state in ('queued', 'running')
order by state, requested_at limit %(limit)s
"""
