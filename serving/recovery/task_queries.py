"""What is asked of tasks for a person? Postgres statements inside the workspace's transaction."""

COLUMNS = """
t.id, t.episode_id, t.instruction, t.created_at, t.done_at, t.done_by, e.amount_minor, e.currency,
e.customer_id, e.subject_id, e.cause, e.state as episode_state
"""
_FROM = """
from recovery_tasks t
join recovery_episodes e on e.workspace_id = t.workspace_id and e.id = t.episode_id
"""
PAGE = f"""
select {COLUMNS} {_FROM}
where (t.created_at, t.id) < (%(after_at)s, %(after_id)s)
  and (%(state)s::text is null or (t.done_at is null) = (%(state)s = 'open'))
  and (%(episode_id)s::text is null or t.episode_id = %(episode_id)s)
order by t.created_at desc, t.id desc
limit %(limit)s
"""
ONE = f"select {COLUMNS} {_FROM} where t.id = %s"
LOCK = "select done_at, done_by, episode_id from recovery_tasks where id = %s for update"
SET = "update recovery_tasks set done_at = %(done_at)s, done_by = %(done_by)s where id = %(id)s"
