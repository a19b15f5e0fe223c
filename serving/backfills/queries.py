"""What does the API ask of backfills? Postgres statements inside the workspace's transaction."""

CONNECTION = "select id, provider, status from connections where id = %s for update"
INSERT = """
insert into backfills (workspace_id, id, connection_id, provider, objects, state, requested_at)
values (%(workspace_id)s, %(id)s, %(connection_id)s, %(provider)s, %(objects)s, 'running', %(now)s)
"""
INSERT_WINDOW = """
insert into backfill_windows (workspace_id, backfill_id, number, since_at, until_at, state)
values (%(workspace_id)s, %(id)s, %(number)s, %(since)s, %(until)s, 'queued')
"""
ONE = """
select id, connection_id, provider, objects, state, requested_at, ended_at
from backfills where id = %s
"""
HELD = ONE.rstrip() + " for update"
WINDOWS = """
select number, since_at, until_at, state, attempt, run_id, rows_landed
from backfill_windows where backfill_id = %s order by number
"""
SUBMITTED = """
update backfill_windows set state = 'running', run_id = %(run_id)s
where backfill_id = %(id)s and number = %(number)s
"""
WINDOW_ENDED = """
update backfill_windows set state = %(state)s, rows_landed = %(rows)s
where backfill_id = %(id)s and number = %(number)s
"""
ENDED = "update backfills set state = %(state)s, ended_at = %(now)s where id = %(id)s"
AGAIN = """
update backfill_windows set state = 'queued', attempt = attempt + 1, run_id = null
where backfill_id = %s and state in ('failed', 'canceled')
"""
RESUMED = "update backfills set state = 'running', ended_at = null where id = %s"
# Asked by the worker under the system role.
OPEN_EVERYWHERE = """
select workspace_id, id from backfills where state = 'running' order by requested_at limit 500
"""
