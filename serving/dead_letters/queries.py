"""What does the API ask of event tasks? Those given up, and those that are tried again."""

_COLUMNS = (
    "t.id, t.provider, t.connection_id, t.stage, t.cause, t.detail, t.attempts, t.created_at,"
    " t.failed_at, t.next_attempt_at, i.event_id, i.received_at, i.payload"
)
_FROM = """
from event_tasks t
left join inbox i on i.workspace_id = t.workspace_id and i.position = t.position
"""
PAGE = f"""
select {_COLUMNS} {_FROM}
where t.cause <> '' and (t.created_at, t.id) < (%(after_at)s, %(after_id)s)
  and (%(cause)s::text is null or t.cause = %(cause)s)
  and (%(state)s::text is null or (t.next_attempt_at is null) = (%(state)s::text = 'dead'))
order by t.created_at desc, t.id desc
limit %(limit)s
"""
ONE = f"select {_COLUMNS} {_FROM} where t.id = %s"
RETRY = """
update event_tasks set next_attempt_at = %(now)s, attempts = 0
where id = %(id)s returning id
"""
RETRY_CAUSE = """
update event_tasks set next_attempt_at = %(now)s, attempts = 0
where cause = %(cause)s and next_attempt_at is null
  and (%(connection_id)s::text is null or connection_id = %(connection_id)s)
"""
