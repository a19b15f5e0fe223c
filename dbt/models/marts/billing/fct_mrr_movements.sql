{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'customer_id', 'currency', 'moved_on'],
    settings=granules(),
    meta={'new_columns': 'filled'},
) }}
{%- set customer = 'workspace_id, connection_id, customer_id' %}

with {% call touched_keys('touched_customers', customer) %}
    select {{ customer }}
    from {{ ref('int_billing__subscription_mrr') }}
    {%- if is_incremental() %}
    where {{ landed_since('computed_at') }}
    {%- endif %}
{% endcall %},

subscription_changes as (
    select {{ customer }}, currency, changed_on,
        mrr_minor - lagInFrame(mrr_minor, 1, toInt64(0)) over earlier as delta_minor
    from {{ newest(ref('int_billing__subscription_mrr')) }}
    where ({{ customer }}) in (select {{ customer }} from touched_customers)
    window earlier as (partition by {{ customer }}, subscription_id order by changed_on rows between 1 preceding and current row)
),

customer_changes as (
    select {{ customer }}, currency, changed_on as moved_on, sum(delta_minor) as delta_minor
    from subscription_changes
    group by {{ customer }}, currency, moved_on
    having delta_minor != 0
),

touched_subscriptions as materialized (
    select distinct {{ customer }}, subscription_id from {{ ref('int_billing__subscription_mrr') }}
    where ({{ customer }}) in (select {{ customer }} from touched_customers)
),

-- Days on which a customer's subscription stopped because its money did not come.
unpaid_days as (
    select workspace_id, connection_id, assumeNotNull(customer_id) as customer_id, toDate(assumeNotNull(ended_at)) as stopped_on
    from {{ newest(ref('subscriptions')) }}
    where ended_at is not null and cancellation_reason in ('payment_failed', 'payment_disputed')
        -- By their ids first: the newest of the touched alone, not of all.
        and (workspace_id, connection_id, id) in (
            select workspace_id, connection_id, id from {{ ref('subscriptions') }}
            where (workspace_id, connection_id, customer_id) in (
                select workspace_id, connection_id, customer_id::Nullable(String) from touched_customers))
        and (workspace_id, connection_id, customer_id) in (
            select workspace_id, connection_id, customer_id::Nullable(String) from touched_customers)
    union distinct
    select mrr.workspace_id, mrr.connection_id, mrr.customer_id, toDate(states.observed_at)
    from (
        select workspace_id, connection_id, subscription_id, observed_at from {{ newest(ref('subscription_states')) }}
        where status = 'unpaid'
            and (workspace_id, connection_id, subscription_id) in (
                select workspace_id, connection_id, subscription_id from touched_subscriptions)
    ) as states
    inner join touched_subscriptions as mrr using (workspace_id, connection_id, subscription_id)
),

movements as (
    select *,
        min(moved_on) over (partition by {{ customer }}, currency) as first_moved_on,
        sum(delta_minor) over upto as mrr_after_minor,
        mrr_after_minor - delta_minor as mrr_before_minor,
        row_number() over upto as place,
        leadInFrame(moved_on, 1, toDate('2149-06-06')) over (
            partition by {{ customer }}, currency order by moved_on rows between current row and 1 following) as until_on
    from customer_changes
    window upto as (partition by {{ customer }}, currency order by moved_on rows between unbounded preceding and current row)
),

movements_in_time as (
    select *,
        first_value(mrr_before_minor) over (
            partition by {{ customer }}, currency, toMonday(moved_on) order by moved_on
            rows between unbounded preceding and current row) as week_before_minor,
        first_value(mrr_before_minor) over (
            partition by {{ customer }}, currency, toStartOfMonth(moved_on) order by moved_on
            rows between unbounded preceding and current row) as month_before_minor
    from movements
),

computed as (
    select {{ customer }}, currency, moved_on,
        multiIf(
            mrr_before_minor = 0 and place = 1, 'new',
            mrr_before_minor = 0, 'reactivation',
            mrr_after_minor = 0, 'churn',
            delta_minor > 0, 'expansion',
            'contraction') as kind,
        mrr_before_minor,
        mrr_after_minor,
        delta_minor,
        until_on,
        week_before_minor,
        month_before_minor,
        toStartOfMonth(first_moved_on) as cohort_month,
        (delta_minor < 0 and ({{ customer }}, moved_on) in (select {{ customer }}, stopped_on from unpaid_days))::Bool as is_involuntary,
        toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
        toUInt8(0) as is_deleted,
        {{ run_began_at() }} as computed_at
    from movements_in_time
)

-- Withdrawn: days that no longer see a movement.
{{ computed_or_withdrawn('computed', customer ~ ', currency, moved_on', stood='(' ~ customer ~ ') in (select ' ~ customer ~ ' from touched_customers)') }}
