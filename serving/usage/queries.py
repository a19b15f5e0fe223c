"""What is asked of usage? Totals that are kept, and a workspace's figures by day."""

# Totals only grow within an epoch: whichever of two writers comes last, the greater stays.
KEEP = """
insert into api_usage (workspace_id, day, caller_id, route_class, epoch, requests, limited)
values (%(workspace_id)s, %(day)s, %(caller_id)s, %(route_class)s, %(epoch)s, %(requests)s,
    %(limited)s)
on conflict (workspace_id, day, caller_id, route_class, epoch) do update set
    requests = greatest(api_usage.requests, excluded.requests),
    limited = greatest(api_usage.limited, excluded.limited)
"""
# Newest day first; a day's rows do not move when others arrive.
PAGE = """
select day, caller_id, route_class, sum(requests)::bigint as requests,
    sum(limited)::bigint as limited
from api_usage
where day >= %(since)s and day < %(until)s
  and (%(caller_id)s::text is null or caller_id = %(caller_id)s)
  and (%(route_class)s::text is null or route_class = %(route_class)s)
group by day, caller_id, route_class
having %(is_first)s or (day, caller_id, route_class)
    < (%(after_day)s, %(after_caller)s, %(after_class)s)
order by day desc, caller_id desc, route_class desc
limit %(limit)s
"""
QUOTAS = "select syncs_per_day, exports_per_day from workspaces"
