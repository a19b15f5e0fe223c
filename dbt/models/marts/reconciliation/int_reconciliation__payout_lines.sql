{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'id'],
    settings=granules(),
) }}
{%- set key = 'workspace_id, connection_id, id' %}
{%- set purse = 'workspace_id, connection_id, code' %}

with new_payouts as (
    select workspace_id, connection_id, ifNull(currency, '')::String as code, min(created_at) as first_at
    from {{ ref('payouts') }}
    where {{ landed_since() }} and ifNull(is_automatic, false) and created_at is not null
    group by {{ purse }}
),

{% call touched_keys('touched', key) %}
    select {{ key }} from {{ ref('balance_transactions') }} where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    -- A payout may land after its own movement, and only it says that a person made it.
    select workspace_id, connection_id, assumeNotNull(balance_transaction_id)
    from {{ ref('payouts') }}
    where {{ landed_since() }} and balance_transaction_id is not null
    union all
    -- Lines that waited for a payout, and those of one after it, should it have come late.
    select lines.workspace_id, lines.connection_id, lines.id
    from (
        select {{ key }}, currency as code, paid_out_at from {{ newest(this) }}
        where (workspace_id, connection_id) in (select workspace_id, connection_id from new_payouts)
    ) as lines
    inner join new_payouts using ({{ purse }})
    where lines.paid_out_at is null or lines.paid_out_at >= new_payouts.first_at
    {%- endif %}
{% endcall %},

-- What a person sends to the bank leaves the balance before the next automatic payout takes the rest: a line of that one.
manual_payouts as (
    select workspace_id, connection_id, id as transaction_id
    from {{ newest(ref('payouts')) }}
    where not ifNull(is_automatic, true) and (workspace_id, connection_id, balance_transaction_id) in (
        select workspace_id, connection_id, id::Nullable(String) from touched)
),

movements as (
    select * from {{ newest(ref('balance_transactions')) }} where ({{ key }}) in (select {{ key }} from touched)
),

lines as (
    select touched.workspace_id as workspace_id, touched.connection_id as connection_id, touched.id as id,
        movements.reporting_category = 'payout' as is_payout,
        movements.id = '' or is_payout and (workspace_id, connection_id, transaction_id) not in (select * from manual_payouts) as is_none,
        ifNull(movements.currency, '')::String as code, ifNull(movements.reporting_category, '')::String as category,
        ifNull(movements.amount_minor, 0) as amount_minor, ifNull(movements.fee_minor, 0) as fee_minor,
        amount_minor - fee_minor as net_minor, ifNull(movements.transaction_id, '') as transaction_id,
        ifNull(movements.created_at, toDateTime64(0, 3, 'UTC')) as happened_at,
        -- A payout takes what is available and was booked before it. What a person sent is gone at once.
        greatest(if(is_payout, happened_at, ifNull(movements.available_at, happened_at)), addSeconds(happened_at, 1)) as ready_at,
        movements.version as source_version
    from touched
    left join movements using ({{ key }})
),

automatic_payouts as (
    select workspace_id, connection_id, ifNull(currency, '')::String as code, id as payout_id, assumeNotNull(created_at) as created_at
    from {{ newest(ref('payouts')) }}
    where ifNull(is_automatic, false) and created_at is not null
        and (workspace_id, connection_id) in (select workspace_id, connection_id from touched)
)

select
    lines.workspace_id as workspace_id,
    lines.connection_id as connection_id,
    id,
    category,
    lines.code as currency,
    amount_minor,
    fee_minor,
    net_minor,
    transaction_id,
    happened_at,
    payout_id,
    if(payout_id = '', null, automatic_payouts.created_at) as paid_out_at,
    source_version,
    toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
    toUInt8(ifNull(is_none, true)) as is_deleted,
    {{ run_began_at() }} as computed_at
from lines
asof left join automatic_payouts
    on automatic_payouts.workspace_id = lines.workspace_id and automatic_payouts.connection_id = lines.connection_id
    and automatic_payouts.code = lines.code and automatic_payouts.created_at >= lines.ready_at
