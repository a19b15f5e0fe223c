{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounts')) }}
-- depends_on: {{ ref('stg_stripe__balance_transactions__feed') }}
with 'stripe_balance' as account_id
select
    workspace_id,
    connection_id,
    account_id as id,
    'stripe' as provider,
    'Stripe balance' as name,
    'processor_balance' as type,
    'raw.stripe_balance_transaction' as source_table,
    connection_id as source_id,
    version,
    toUInt8(0) as is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__balance_transactions') }} as stripe
