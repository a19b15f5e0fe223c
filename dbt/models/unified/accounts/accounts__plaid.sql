{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounts')) }}
-- depends_on: {{ ref('stg_plaid__accounts__feed') }}
select
    workspace_id,
    connection_id,
    id,
    'plaid' as provider,
    name,
    if(plaid.type = 'brokerage', 'investment', plaid.type) as type,
    {{ iso_currency('plaid.currency') }} as currency,
    subtype,
    official_name,
    institution_id,
    institution_name,
    mask,
    'raw.plaid_account' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_plaid__accounts') }} as plaid
