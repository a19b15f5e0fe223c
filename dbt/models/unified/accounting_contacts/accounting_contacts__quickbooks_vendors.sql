{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_contacts')) }}
-- depends_on: {{ ref('stg_quickbooks__vendors__feed') }}
select
    workspace_id,
    connection_id,
    concat('vendor/', source.id) as id,
    'quickbooks' as provider,
    source.name as name,
    source.email as email,
    false as is_customer,
    true as is_supplier,
    {{ iso_currency('source.currency') }} as currency,
    ifNull(source.is_active, true) as is_active,
    'raw.quickbooks_vendor' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_quickbooks__vendors') }} as source
where is_deleted or source.name is not null
