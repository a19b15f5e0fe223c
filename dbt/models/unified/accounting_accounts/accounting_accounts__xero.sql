{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_accounts')) }}
-- depends_on: {{ ref('stg_xero__accounts__feed') }}
select
    workspace_id,
    connection_id,
    source.id as id,
    'xero' as provider,
    source.code as code,
    source.name as name,
    lower(source.classification) as classification,
    lower(source.type) as type,
    multiIf(
        source.system_account = 'DEBTORS', 'accounts_receivable',
        source.system_account = 'CREDITORS', 'accounts_payable',
        source.system_account = 'GST', 'tax',
        '') as role,
    {{ iso_currency('source.currency') }} as currency,
    ifNull(source.status = 'ACTIVE', true) as is_active,
    'raw.xero_account' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_xero__accounts') }} as source
where is_deleted or source.name is not null
