-- Conserved: attempts at payments that failed. Episodes, the attempts themselves and the failed payments count the same.
-- Guards fct_recovery_episodes.
{{ config(meta={'dagster': {'ref': {'name': 'fct_recovery_episodes'}}}) }}
select workspace_id, connection_id, sum(in_episodes) as in_episodes, sum(in_attempts) as in_attempts, sum(in_payments) as in_payments
from (
    select workspace_id, connection_id, attempts_made as in_episodes, 0 as in_attempts, 0 as in_payments
    from {{ newest(ref('fct_recovery_episodes')) }}
    union all
    select workspace_id, connection_id, 0, 1, 0 from {{ newest(ref('fct_recovery_attempts')) }}
    union all
    select workspace_id, connection_id, 0, 0, attempts_made from {{ newest(ref('fct_failed_payments')) }}
)
group by workspace_id, connection_id
having in_episodes != in_attempts or in_attempts != in_payments
