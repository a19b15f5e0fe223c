{{ journal_table() }}
{%- set key = 'workspace_id, connection_id, id' %}

with changed_postings as (
    select distinct workspace_id, id from {{ source('reconciliation', 'workspace_ledger_postings') }}
    where {{ landed_since('reconciled_at') }}
),

{% call touched_keys('touched', key) %}
    select {{ key }} from {{ ref('balance_transactions') }} where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    -- The workspace has put this kind of movement on another account.
    select {{ key }} from {{ ref('balance_transactions') }}
    where workspace_id in (select workspace_id from changed_postings)
        and (workspace_id, concat(provider, ':', ifNull(reporting_category, ''))) in (select * from changed_postings)
    {%- endif %}
{% endcall %},

movements as (
    select * from {{ newest(ref('balance_transactions')) }} where ({{ key }}) in (select {{ key }} from touched)
),

booked as (
    select touched.workspace_id as workspace_id, touched.connection_id as connection_id, touched.id as movement_id,
        ifNull(movements.reporting_category, '')::String as category, ifNull(movements.currency, '')::String as currency,
        ifNull(movements.amount_minor, 0) as amount_minor, ifNull(movements.fee_minor, 0) as fee_minor,
        ifNull(movements.created_at, toDateTime64(0, 3, 'UTC')) as effective_at, movements.version as source_version,
        multiIf(postings.account_code != '', postings.account_code, mappings.account_code != '', mappings.account_code, '5900')
            as other_account
    from touched
    left join movements using ({{ key }})
    left join {{ ref('ledger_mappings') }} as mappings
        on mappings.provider = movements.provider and mappings.category = ifNull(movements.reporting_category, '')
    left join (select * from {{ newest(source('reconciliation', 'workspace_ledger_postings')) }}) as postings
        on postings.workspace_id = touched.workspace_id
        and postings.id = concat(movements.provider, ':', ifNull(movements.reporting_category, ''))
)

select
    workspace_id,
    connection_id,
    concat('balance:', movement_id) as journal_id,
    concat('stripe_', category) as type,
    effective_at,
    arraySort(arrayFilter(entry -> entry.3 != 0, [
        ('1010', currency, amount_minor - fee_minor),
        ('5010', currency, fee_minor),
        (other_account, currency, -amount_minor)
    ])) as entries,
    'raw.stripe_balance_transaction' as source_table,
    movement_id as source_id,
    {{ computed_row() }}
from booked
