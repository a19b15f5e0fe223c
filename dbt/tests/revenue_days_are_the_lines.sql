{{ config(meta={'dagster': {'ref': {'name': 'fct_revenue_days'}}}) }}
-- Conserved: every cent that a line is billed, on the day of its bill, and in the end is earned, or taken back on the day on
-- which it is voided; and until when the last line of a kind and product lives. A difference is mended by
-- `dbt run --full-refresh --select int_billing__revenue_changes fct_revenue_days`.
{%- set kind = 'workspace_id, connection_id, currency, kind, product_id' %}
select {{ kind }}, sum(earned) as earned_missing, sumMap([billed_on], [billed]) as billed_missing,
    max(line_until) as lines_until, max(day_until) as days_until
from (
    select {{ kind }}, if(voided_at is null, net_minor, 0) as earned, toDate(billed_at) as billed_on, net_minor as billed,
        toDate(ifNull(voided_at, greatest(billed_at, ends_at))) as line_until, toDate(0) as day_until
    from {{ newest(ref('fct_revenue_lines')) }}
    union all
    select {{ kind }}, 0, toDate(assumeNotNull(voided_at)), -net_minor, toDate(0), toDate(0)
    from {{ newest(ref('fct_revenue_lines')) }}
    where voided_at is not null
    union all
    select {{ kind }}, -earned_minor, day, -billed_minor, toDate(0), if(lines > 0, day, toDate(0))
    from {{ newest(ref('fct_revenue_days')) }}
)
group by {{ kind }}
having earned_missing != 0 or arrayExists(minor -> minor != 0, billed_missing.2) or lines_until != days_until
