{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'invoice_id', 'age'],
    settings=granules(),
) }}
{%- set key = 'workspace_id, connection_id, invoice_id' %}
{%- set never = "toDate('2149-06-06')" %}

with {% call touched_keys('touched', key) %}
    select {{ key }} from {{ ref('fct_invoices') }} where {{ landed_since('computed_at') }}
{% endcall %},

owed as (
    select {{ key }}, customer_id, currency, assumeNotNull(issued_on) as issued, assumeNotNull(due_on) as due,
        ifNull(toDate(closed_at), {{ never }}) as closed,
        -- Of an open invoice what is still owed; a closed one was owed whole until then.
        if(status = 'open', open_minor, total_minor - paid_by_balance_minor - credited_before_payment_minor) as owed_minor
    from {{ newest(ref('fct_invoices')) }}
    where ({{ key }}) in (select {{ key }} from touched)
        and issued_on is not null and status in ('open', 'paid', 'void', 'uncollectible')
),

computed as (
    select {{ key }},
        -- An unpaid invoice grows older: it leaves one age on the day on which it enters the next.
        arrayJoin(arrayFilter(stay -> stay.2 < stay.3, arrayMap(
            stay -> (stay.1, greatest(stay.2, issued), least(stay.3, closed)),
            [('not due', toDate('1970-01-01'), due + 1), ('1 to 30', due + 1, due + 31),
                ('31 to 60', due + 31, due + 61), ('61 to 90', due + 61, due + 91),
                ('over 90', due + 91, {{ never }})]))) as stay,
        stay.1 as age,
        customer_id,
        currency,
        owed_minor,
        stay.2 as from_on,
        stay.3 as until_on,
        toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
        toUInt8(0) as is_deleted,
        {{ run_began_at() }} as computed_at
    from owed
    where owed_minor != 0
),

columns as (
    select * except (stay) from computed
)

-- Withdrawn: an age that an invoice did not come to.
{{ computed_or_withdrawn('columns', key ~ ', age', stood='(' ~ key ~ ') in (select ' ~ key ~ ' from touched)') }}
