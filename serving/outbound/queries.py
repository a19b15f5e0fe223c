"""What is asked of outbound webhooks? Endpoints, events, deliveries."""

_ENDPOINT = "id, url, description, event_types, state, state_reason, created_at, updated_at"
_DELIVERY = (
    "d.id, d.event_id, e.type, d.state, d.attempts, d.answered, d.detail, d.created_at,"
    " d.attempted_at, d.next_attempt_at, e.body"
)

ENDPOINTS = f"select {_ENDPOINT} from webhook_endpoints order by created_at, id"
INSERT = f"""
insert into webhook_endpoints
    (workspace_id, id, url, description, event_types, sealed_secrets, state, created_at, updated_at)
values (%(workspace_id)s, %(id)s, %(url)s, %(description)s, %(event_types)s, %(sealed)s, 'enabled',
    %(now)s, %(now)s)
returning {_ENDPOINT}
"""
CHANGE = f"""
update webhook_endpoints set state = %(state)s, state_reason = '', failing_since = null,
    updated_at = %(now)s
where id = %(id)s returning {_ENDPOINT}
"""
DELETE = f"delete from webhook_endpoints where id = %s returning {_ENDPOINT}"
ONE = f"select {_ENDPOINT} from webhook_endpoints where id = %s for update"
PAGE = f"""
select {_DELIVERY} from outbound_deliveries d
join outbound_events e on e.workspace_id = d.workspace_id and e.id = d.event_id
where d.endpoint_id = %(endpoint_id)s and (d.created_at, d.id) < (%(after_at)s, %(after_id)s)
order by d.created_at desc, d.id desc limit %(limit)s
"""
DELIVERY = f"""
select {_DELIVERY} from outbound_deliveries d
join outbound_events e on e.workspace_id = d.workspace_id and e.id = d.event_id
where d.id = %s
"""
REDELIVER = """
update outbound_deliveries set state = 'waiting', attempts = 0, next_attempt_at = %(now)s
where id = %(id)s and endpoint_id = %(endpoint_id)s returning id
"""
# Asked by the worker under the system role; a lease gives work back should it die. What is under
# way already counts: no endpoint, and no workspace with all of its own, has more than its share.
LEASE = """
with held as (
    select * from unnest(%(workspaces)s::text[], %(endpoints)s::text[])
        as held (workspace_id, endpoint_id)
), due as (
    select d.workspace_id, d.id, d.next_attempt_at, row_number() over (
            partition by d.workspace_id, d.endpoint_id order by d.next_attempt_at, d.id)
        + (select count(*) from held h
            where h.workspace_id = d.workspace_id and h.endpoint_id = d.endpoint_id) as of_endpoint
    from outbound_deliveries d
    join webhook_endpoints w on w.workspace_id = d.workspace_id and w.id = d.endpoint_id
    where d.next_attempt_at <= %(now)s and w.state = 'enabled'
), within_endpoint as (
    select d.*, row_number() over (
            partition by d.workspace_id order by d.of_endpoint, d.next_attempt_at, d.id)
        + (select count(*) from held h where h.workspace_id = d.workspace_id) as of_workspace
    from due d where d.of_endpoint <= %(of_endpoint)s
), chosen as (
    select d.workspace_id, d.id
    from outbound_deliveries d
    join within_endpoint one on one.workspace_id = d.workspace_id and one.id = d.id
    where one.of_workspace <= %(of_workspace)s and d.next_attempt_at <= %(now)s
    order by one.of_workspace, d.next_attempt_at limit %(free)s for update of d skip locked
), taken as (
    update outbound_deliveries d set next_attempt_at = %(until)s, attempts = attempts + 1
    from chosen c where d.workspace_id = c.workspace_id and d.id = c.id
    returning d.workspace_id, d.id, d.event_id, d.endpoint_id, d.attempts
)
select t.workspace_id, t.id, t.event_id, t.endpoint_id, t.attempts, e.body, w.url,
    w.sealed_secrets, w.failing_since
from taken t
join outbound_events e on e.workspace_id = t.workspace_id and e.id = t.event_id
join webhook_endpoints w on w.workspace_id = t.workspace_id and w.id = t.endpoint_id
"""
NOTED = """
update outbound_deliveries set state = %(state)s, answered = %(answered)s, detail = %(detail)s,
    attempted_at = %(now)s, next_attempt_at = %(next)s
where workspace_id = %(workspace_id)s and id = %(id)s
"""
WORKS = """
update webhook_endpoints set failing_since = null
where workspace_id = %(workspace_id)s and id = %(endpoint_id)s and failing_since is not null
"""
FAILS = """
update webhook_endpoints set failing_since = coalesce(failing_since, %(now)s),
    state = case when failing_since < %(disabled_before)s then 'disabled' else state end,
    state_reason = case when failing_since < %(disabled_before)s
        then 'It has not taken a delivery for days.' else state_reason end
where workspace_id = %(workspace_id)s and id = %(endpoint_id)s
"""
PRUNE = """
delete from outbound_events where (workspace_id, id) in (
    select workspace_id, id from outbound_events where created_at < %(before)s
    order by created_at limit %(most)s)
"""
