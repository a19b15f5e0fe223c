{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_books')) }}
-- depends_on: {{ ref('stg_quickbooks__preferences__feed') }}
select
    workspace_id,
    connection_id,
    source.id as id,
    'quickbooks' as provider,
    {{ iso_currency('home_currency') }} as base_currency,
    'raw.quickbooks_preferences' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_quickbooks__preferences') }} as source
