{{ journal_table() }}
{%- set key = 'workspace_id, connection_id, id' %}
{#- Movements that an invoice or a credit note makes: their own journals hold them. -#}
{%- set told_by_documents = "('applied_to_invoice', 'unapplied_from_invoice', 'credit_note', 'invoice_too_small', 'invoice_too_large')" %}

with changed_postings as (
    select distinct workspace_id, id from {{ source('reconciliation', 'workspace_ledger_postings') }}
    where {{ landed_since('reconciled_at') }}
),

{% call touched_keys('touched', key) %}
    select {{ key }} from {{ ref('stg_stripe__customer_balance_transactions') }} where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    -- The workspace has put this kind of credit on another account.
    select {{ key }} from {{ ref('stg_stripe__customer_balance_transactions') }}
    where (workspace_id, concat('credit:', ifNull(type, ''))) in (select * from changed_postings)
    {%- endif %}
{% endcall %},

-- Those that are no more have no entries.
movements as (
    select {{ key }}, ifNull({{ iso_currency('stripe.currency') }}, '') as code, ifNull({{ iso_minor('stripe.amount', 'code') }}, 0) as minor,
        ifNull(stripe.type, '')::String as kind, created_at, version as source_version,
        is_deleted = 0 and kind not in {{ told_by_documents }} as is_by_hand
    from {{ newest_or_gone(ref('stg_stripe__customer_balance_transactions'), key) }} as stripe
),

credits as (
    select movements.workspace_id as workspace_id, movements.connection_id as connection_id, movements.id as movement_id, code, minor, kind,
        created_at, movements.source_version as source_version, is_by_hand,
        multiIf(postings.account_code != '', postings.account_code, mappings.account_code != '', mappings.account_code, '4910')
            as other_account
    from movements
    left join (select * from {{ ref('ledger_mappings') }} where provider = 'credit') as mappings on mappings.category = movements.kind
    left join (select * from {{ newest(source('reconciliation', 'workspace_ledger_postings')) }}) as postings
        on postings.workspace_id = movements.workspace_id and postings.id = concat('credit:', movements.kind)
)

-- Stripe's sign is the ledger's: what is given to the customer is below zero, a credit of 2400.
select
    workspace_id,
    connection_id,
    concat('credit:', movement_id) as journal_id,
    concat('credit_', kind) as type,
    ifNull(created_at, toDateTime64(0, 3, 'UTC'))::DateTime64(3, 'UTC') as effective_at,
    if(is_by_hand, arraySort(arrayFilter(entry -> entry.3 != 0, [
        ('2400', code, minor),
        (other_account, code, -minor)
    ])), []) as entries,
    'raw.stripe_customer_balance_transaction' as source_table,
    movement_id as source_id,
    {{ computed_row() }}
from credits
