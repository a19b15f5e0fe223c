"""What does the API ask of the audit log? Its newest entries, page by page."""

PAGE = """
select id, occurred_at, actor_kind, actor_id, actor_name, action, target, details, request_id
from audit_log
where (occurred_at, id) < (%(after_at)s, %(after_id)s)
  and (%(action)s::text is null or action = %(action)s)
  and (%(target)s::text is null or target = %(target)s)
  and occurred_at >= %(since)s and occurred_at < %(until)s
order by occurred_at desc, id desc
limit %(limit)s
"""
