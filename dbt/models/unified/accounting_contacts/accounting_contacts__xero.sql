{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_contacts')) }}
-- depends_on: {{ ref('stg_xero__contacts__feed') }}
select
    workspace_id,
    connection_id,
    source.id as id,
    'xero' as provider,
    source.name as name,
    source.email as email,
    ifNull(source.is_customer, false) as is_customer,
    ifNull(source.is_supplier, false) as is_supplier,
    {{ iso_currency('source.currency') }} as currency,
    ifNull(source.status = 'ACTIVE', true) as is_active,
    'raw.xero_contact' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_xero__contacts') }} as source
where is_deleted or source.name is not null
