{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounts')) }}
-- depends_on: {{ ref('stg_enablebanking__accounts__feed') }}
select
    workspace_id,
    connection_id,
    id,
    'enablebanking' as provider,
    coalesce(nullIf(bank.name, ''), product) as name,
    multiIf(cash_account_type = 'CARD', 'credit', cash_account_type = 'LOAN', 'loan', 'depository') as type,
    {{ iso_currency('bank.currency') }} as currency,
    multiIf(
        cash_account_type = 'CARD', 'credit card', cash_account_type = 'LOAN', 'loan',
        cash_account_type = 'SVGS', 'savings', 'checking') as subtype,
    product as official_name,
    institution_bic as institution_id,
    institution_name,
    right(coalesce(nullIf(bank.iban, ''), other_number), 4) as mask,
    replaceAll(bank.iban, ' ', '') as iban,
    owner_name as holder_name,
    'open' as status,
    'raw.enablebanking_account' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_enablebanking__accounts') }} as bank
