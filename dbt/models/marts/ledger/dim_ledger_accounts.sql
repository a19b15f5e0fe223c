{{ config(materialized='view') }}
with workspaces as (
    select distinct workspace_id from {{ newest(ref('accounts')) }}
),

own as (
    select * from {{ newest(source('reconciliation', 'workspace_ledger_accounts')) }}
),

standard as (
    select workspaces.workspace_id as workspace_id, accounts.account_code as code, accounts.name as standard_name,
        accounts.type as standard_type, accounts.description as standard_description
    from workspaces
    cross join {{ ref('ledger_accounts') }} as accounts
)

select
    if(standard.code = '', own.workspace_id, standard.workspace_id) as workspace_id,
    if(standard.code = '', own.id, standard.code) as account_code,
    if(own.id = '', standard.code, own.number) as account_number,
    if(own.id = '', standard_name, own.name) as name,
    if(standard.code = '', own.type::String, standard_type) as type,
    if(type in ('asset', 'expense'), 'debit', 'credit') as normal_side,
    if(own.id = '', standard_description, own.description) as description,
    toBool(standard.code != '') as is_standard
from standard
full join own on own.workspace_id = standard.workspace_id and own.id = standard.code
