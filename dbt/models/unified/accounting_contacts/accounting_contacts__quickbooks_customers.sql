{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_contacts')) }}
-- depends_on: {{ ref('stg_quickbooks__customers__feed') }}
select
    workspace_id,
    connection_id,
    concat('customer/', source.id) as id,
    'quickbooks' as provider,
    source.name as name,
    source.email as email,
    true as is_customer,
    false as is_supplier,
    {{ iso_currency('source.currency') }} as currency,
    ifNull(source.is_active, true) as is_active,
    'raw.quickbooks_customer' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_quickbooks__customers') }} as source
where is_deleted or source.name is not null
