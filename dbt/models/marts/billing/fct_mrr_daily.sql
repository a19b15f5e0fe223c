{{ config(materialized='view') }}

with daily_deltas as (
    select workspace_id, connection_id, currency, moved_on, sum(delta_minor) as delta_minor
    from {{ newest(ref('fct_mrr_movements')) }}
    group by workspace_id, connection_id, currency, moved_on
),

running as (
    select workspace_id, connection_id, currency, moved_on,
        sum(delta_minor) over (
            partition by workspace_id, connection_id, currency order by moved_on
            rows between unbounded preceding and current row) as mrr_minor,
        leadInFrame(moved_on, 1, toDate(now('UTC')) + 1) over (
            partition by workspace_id, connection_id, currency order by moved_on
            rows between current row and unbounded following) as until_on
    from daily_deltas
)

select workspace_id, connection_id, currency,
    moved_on + arrayJoin(range(toUInt32(until_on - moved_on))) as day,
    mrr_minor
from running
