{{ journal_table() }}
-- dbt parses the first run only, which reads less than the later ones.
{%- set invoice = 'workspace_id, connection_id, invoice_id' %}

with {% call touched_keys('touched', invoice) %}
    select workspace_id, connection_id, id as invoice_id from {{ ref('invoices') }} where {{ landed_since() }}
    union all
    select {{ invoice }} from {{ ref('invoice_lines') }} where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    -- Time alone earns revenue: a period of service has ended since the last run, or a month of it.
    select {{ invoice }} from {{ ref('invoice_lines') }}
    where (period_ends_at > {{ last_run_at() }} and period_ends_at <= {{ run_began_at() }})
        or (period_ends_at > toStartOfMonth({{ last_run_at() }})
            and toStartOfMonth({{ run_began_at() }}) > toStartOfMonth({{ last_run_at() }}))
    {%- endif %}
{% endcall %},

-- What is no more earns nothing.
invoices as (
    select workspace_id, connection_id, id as invoice_id, finalized_at, ifNull(currency, '')::String as code,
        status in ('open', 'paid', 'uncollectible') and finalized_at is not null and is_deleted = 0 as is_billed,
        {{ is_tax_inclusive() }} as is_tax_inclusive, version as invoice_version
    from {{ newest_or_gone(ref('invoices'), 'workspace_id, connection_id, id') }}
),

lines as (
    select lines.workspace_id as workspace_id, lines.connection_id as connection_id, id, code,
        is_billed and lines.is_deleted = 0 and {{ on_the_final_invoice('finalized_at') }} as is_earned,
        finalized_at, lines.source_table::String as source_table,
        lines.source_id as source_id, lines.version as source_version,
        toInt128(ifNull(amount_minor, 0) - ifNull(discount_minor, 0) - ifNull(inclusive_tax_minor, if(is_tax_inclusive, ifNull(tax_minor, 0), 0))) as net,
        coalesce(period_starts_at, finalized_at, toDateTime64(0, 3, 'UTC')) as starts_at,
        greatest(coalesce(period_ends_at, starts_at), starts_at) as ends_at,
        greatest(dateDiff('second', starts_at, ends_at), 1) as seconds
    from {{ newest_or_gone(ref('invoice_lines'), invoice ~ ', id', by=invoice) }} as lines
    inner join invoices using ({{ invoice }})
),

-- A part of each month that the service touches, up to its last second; whole amounts that add up to the line.
months as (
    select *,
        arrayJoin(range(toUInt32(dateDiff('month', starts_at, ends_at)) + 1)) as number,
        toDateTime64(addMonths(toStartOfMonth(starts_at), number), 3, 'UTC') as month_at,
        least(ends_at, toDateTime64(addMonths(toStartOfMonth(starts_at), number + 1), 3, 'UTC')) as until_at,
        if(ends_at = starts_at, net, intDiv(net * dateDiff('second', starts_at, until_at), seconds)) as earned,
        if(number = 0, toInt128(0), intDiv(net * dateDiff('second', starts_at, month_at), seconds)) as earned_before,
        toInt64(earned - earned_before) as amount_minor
    from lines
)

select
    workspace_id,
    connection_id,
    concat('revenue:', id, ':', formatDateTime(month_at, '%Y-%m')) as journal_id,
    'revenue' as type,
    greatest(if(ends_at = starts_at, starts_at, subtractSeconds(until_at, 1)), ifNull(finalized_at, starts_at)) as effective_at,
    if(is_earned, arraySort(arrayFilter(entry -> entry.3 != 0, [
        ('2200', code, amount_minor),
        ('4000', code, -amount_minor)
    ])), []) as entries,
    source_table,
    source_id,
    {{ computed_row() }}
from months
where until_at <= {{ run_began_at() }} and (until_at > month_at or ends_at = starts_at)
