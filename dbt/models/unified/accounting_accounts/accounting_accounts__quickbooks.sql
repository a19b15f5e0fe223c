{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_accounts')) }}
-- depends_on: {{ ref('stg_quickbooks__accounts__feed') }}
select
    workspace_id,
    connection_id,
    source.id as id,
    'quickbooks' as provider,
    source.code as code,
    source.name as name,
    lower(source.classification) as classification,
    lower(source.type) as type,
    multiIf(
        source.type = 'Accounts Receivable', 'accounts_receivable',
        source.type = 'Accounts Payable', 'accounts_payable',
        source.sub_type = 'UndepositedFunds', 'undeposited_funds',
        source.sub_type in ('SalesTaxPayable', 'GlobalTaxPayable'), 'tax',
        '') as role,
    {{ iso_currency('source.currency') }} as currency,
    ifNull(source.is_active, true) as is_active,
    'raw.quickbooks_account' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_quickbooks__accounts') }} as source
where is_deleted or source.name is not null
