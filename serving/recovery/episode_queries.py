"""What does the API ask of episodes? Postgres statements inside the workspace's transaction."""

COLUMNS = """
e.id, e.connection_id, e.subject_kind, e.subject_id, e.cause, e.customer_id, e.subscription_id,
e.amount_minor, e.currency, e.flow_id, e.flow_version, e.step, e.state, e.outcome, e.reason,
e.recovered_minor, e.recovered_by, e.awaits, e.due_at, e.opened_at, e.ended_at
"""
PAGE = f"""
select {COLUMNS}, e.facts ->> 'decline_code' as decline_code, f.name as flow_name
from recovery_episodes e
left join recovery_flows f on f.workspace_id = e.workspace_id and f.id = e.flow_id
where (e.opened_at, e.id) < (%(after_at)s, %(after_id)s)
  and (%(state)s::text is null or e.state = %(state)s)
  and (%(outcome)s::text is null or e.outcome = %(outcome)s)
  and (%(cause)s::text is null or e.cause = %(cause)s)
  and (%(reason)s::text is null
    or coalesce(nullif(e.facts ->> 'decline_reason', ''), 'none') = %(reason)s)
  and (%(currency)s::text is null or e.currency = %(currency)s)
  and (%(flow_id)s::text is null or e.flow_id = %(flow_id)s)
  and (%(customer_id)s::text is null or e.customer_id = %(customer_id)s)
  and (%(subject_id)s::text is null or e.subject_id = %(subject_id)s)
order by e.opened_at desc, e.id desc
limit %(limit)s
"""
ONE = f"select {COLUMNS}, e.facts from recovery_episodes e where e.id = %s"
STEPS = """
select revision, at, kind, from_step, to_step, reason, details from recovery_transitions
where episode_id = %s order by revision limit 2000
"""
ACTIONS = """
select id, kind, step, state, is_manual, result, created_at, ended_at from recovery_actions
where episode_id = %s order by created_at, revision, id limit 500
"""
ATTEMPTS = """
select id, attempted_at, is_success, is_ours, decline_code, decline_class, amount_minor, currency
from recovery_attempts where episode_id = %s order by attempted_at, id limit 500
"""
FIGURES = """
select currency,
    coalesce(sum(amount_minor) filter (where state <> 'ended'
        and subject_kind in ('invoice', 'payment_intent')), 0)::bigint as at_risk_minor,
    coalesce(sum(recovered_minor) filter (where recovered_by in ('retry', 'payer', 'provider')),
        0)::bigint as recovered_minor,
    coalesce(sum(amount_minor) filter (where recovered_by = 'out_of_band'), 0)::bigint
        as recovered_outside_minor,
    coalesce(sum(amount_minor) filter (where outcome = 'lost'), 0)::bigint as lost_minor,
    count(*) filter (where state <> 'ended') as episodes_running,
    count(*) filter (where outcome = 'recovered') as episodes_recovered,
    count(*) filter (where outcome = 'lost') as episodes_lost
from recovery_episodes
group by currency order by currency
"""
