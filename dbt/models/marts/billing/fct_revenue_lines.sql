{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'invoice_id', 'line_id'],
    settings=granules(),
) }}
{%- set invoice = 'workspace_id, connection_id, invoice_id' %}

with {% call touched_keys('touched', invoice) %}
    select workspace_id, connection_id, id as invoice_id from {{ ref('invoices') }} where {{ landed_since() }}
    union all
    select {{ invoice }} from {{ ref('invoice_lines') }} where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    -- Of the connections with such a price first: of the others, nothing is read.
    select {{ invoice }} from {{ ref('invoice_lines') }}
    where (workspace_id, connection_id) in (select workspace_id, connection_id from {{ ref('prices') }} where {{ landed_since() }})
        and (workspace_id, connection_id, price_id) in (
            select workspace_id, connection_id, id::Nullable(String) from {{ ref('prices') }} where {{ landed_since() }})
    {%- endif %}
{% endcall %},

billed as (
    select workspace_id, connection_id, id as invoice_id, ifNull(customer_id, '') as customer_id, assumeNotNull(finalized_at) as billed_at,
        ifNull(currency, '')::String as code,
        {{ is_tax_inclusive() }} as is_tax_inclusive, version as invoice_version,
        if(status = 'void', voided_at, null) as voided_at,
        is_deleted = 0 and (status in ('open', 'paid', 'uncollectible') or voided_at is not null) as is_billed
    from {{ newest_or_gone(ref('invoices'), 'workspace_id, connection_id, id') }}
    where finalized_at is not null
),

prices as (
    select workspace_id, connection_id, id::Nullable(String) as price_id, ifNull(product_id, '') as product_id,
        ifNull(interval, '')::String as interval, ifNull(interval_count, 1) as interval_count,
        ifNull(usage_type, '') = 'metered' as is_metered
    from {{ newest(ref('prices')) }}
    where (workspace_id, connection_id) in (select workspace_id, connection_id from touched)
)

select
    workspace_id,
    connection_id,
    invoice_id,
    id as line_id,
    customer_id,
    ifNull(lines.subscription_id, '') as subscription_id,
    prices.product_id as product_id,
    code as currency,
    multiIf(
        lines.is_proration, 'proration',
        lines.subscription_id is null, 'one_off',
        prices.is_metered, 'usage',
        prices.interval = 'month' and prices.interval_count = 1, 'month',
        'longer') as kind,
    toInt64(ifNull(lines.amount_minor, 0)) as amount_minor,
    toInt64(ifNull(lines.discount_minor, 0)) as discount_minor,
    toInt64(ifNull(lines.tax_minor, 0)) as tax_minor,
    toInt64(amount_minor - discount_minor - ifNull(lines.inclusive_tax_minor, if(is_tax_inclusive, tax_minor, 0))) as net_minor,
    billed_at,
    ifNull(lines.period_starts_at, billed_at) as starts_at,
    greatest(ifNull(lines.period_ends_at, starts_at), starts_at) as ends_at,
    billed.voided_at as voided_at,
    toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
    -- A draft, or an invoice that is no more, bills nothing.
    toUInt8(not ifNull(is_billed, false) or lines.is_deleted or not {{ on_the_final_invoice('billed_at') }}) as is_deleted,
    {{ run_began_at() }} as computed_at
-- A line that left its invoice takes its revenue along.
from {{ newest_or_gone(ref('invoice_lines'), invoice ~ ', id', by=invoice) }} as lines
inner join billed using ({{ invoice }})
left join prices using (workspace_id, connection_id, price_id)
