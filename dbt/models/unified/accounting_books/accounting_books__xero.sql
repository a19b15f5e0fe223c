{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_books')) }}
-- depends_on: {{ ref('stg_xero__organisations__feed') }}
select
    workspace_id,
    connection_id,
    source.id as id,
    'xero' as provider,
    source.name as name,
    {{ iso_currency('source.base_currency') }} as base_currency,
    'raw.xero_organisation' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_xero__organisations') }} as source
