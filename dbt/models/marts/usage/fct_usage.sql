{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'meter_id', 'customer_id', 'cut', 'used_at', 'subscription_id', 'invoice_line_id'],
    settings=granules(),
) }}
{%- set invoice = 'workspace_id, connection_id, invoice_id' %}
{%- set of_metered = '(workspace_id, connection_id, price_id) in (select workspace_id, connection_id, price_id from metered)' %}

-- With prices that are no more: what they billed stays billed, and may be withdrawn yet. A price is metered for good.
with metered as (
    select workspace_id, connection_id, id::Nullable(String) as price_id, ifNull(any(prices.meter_id), id) as meter_id
    from {{ ref('prices') }} as prices
    where usage_type = 'metered'
    group by workspace_id, connection_id, id
),

{% call touched_keys('touched', invoice) %}
    select {{ invoice }} from {{ ref('invoice_lines') }} where {{ of_metered }} and {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    -- The invoice may land after its line, and the price after both.
    select {{ invoice }} from {{ ref('invoice_lines') }}
    where {{ of_metered }} and ({{ invoice }}) in (
        select workspace_id, connection_id, id from {{ ref('invoices') }} where {{ landed_since() }})
    union all
    select {{ invoice }} from {{ ref('invoice_lines') }}
    where (workspace_id, connection_id, price_id) in (
        select workspace_id, connection_id, id::Nullable(String) from {{ ref('prices') }} where usage_type = 'metered' and {{ landed_since() }})
    {%- endif %}
{% endcall %},

billed as (
    select workspace_id, connection_id, id as invoice_id, ifNull(customer_id, '') as customer_id, assumeNotNull(finalized_at) as billed_at,
        ifNull(currency, '')::String as code,
        {{ is_tax_inclusive() }} as is_tax_inclusive, version as invoice_version,
        status in ('open', 'paid', 'uncollectible') and is_deleted = 0 as is_billed
    from {{ newest_or_gone(ref('invoices'), 'workspace_id, connection_id, id') }}
    where finalized_at is not null
)

select
    workspace_id,
    connection_id,
    metered.meter_id as meter_id,
    customer_id,
    ifNull(lines.subscription_id, '') as subscription_id,
    '' as cut,
    ifNull(lines.period_starts_at, billed_at) as used_at,
    greatest(ifNull(lines.period_ends_at, used_at), used_at) as used_until,
    toDecimal128(ifNull(lines.quantity, 0), 12) as quantity,
    -- Stripe bills sums: how many events made them, and when they came, it does not say.
    null::Nullable(UInt64) as events,
    null::Nullable(DateTime64(3, 'UTC')) as first_received_at,
    null::Nullable(DateTime64(3, 'UTC')) as last_received_at,
    (ifNull(lines.amount_minor, 0) - ifNull(lines.discount_minor, 0)
        - ifNull(lines.inclusive_tax_minor, if(is_tax_inclusive, ifNull(lines.tax_minor, 0), 0)))::Nullable(Int64) as billed_minor,
    code as currency,
    id as invoice_line_id,
    toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
    -- A draft, or an invoice that was voided or is no more, bills nothing.
    toUInt8(not ifNull(is_billed, false) or lines.is_deleted or not {{ on_the_final_invoice('billed_at') }}) as is_deleted,
    {{ run_began_at() }} as computed_at
-- A line that left its invoice takes its usage along.
from {{ newest_or_gone(ref('invoice_lines'), invoice ~ ', id', by=invoice) }} as lines
inner join billed using ({{ invoice }})
inner join metered using (workspace_id, connection_id, price_id)
