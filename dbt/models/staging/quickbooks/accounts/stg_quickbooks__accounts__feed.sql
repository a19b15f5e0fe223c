{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__accounts')) }}
with JSONExtract(payload, 'Tuple(
    Name Nullable(String),
    FullyQualifiedName Nullable(String),
    AcctNum Nullable(String),
    Classification Nullable(String),
    AccountType Nullable(String),
    AccountSubType Nullable(String),
    CurrencyRef Tuple(
        value Nullable(String)
    ),
    CurrentBalance Nullable(String),
    Active Nullable(String),
    SyncToken Nullable(String),
    MetaData Tuple(
        CreateTime Nullable(String),
        LastUpdatedTime Nullable(String)
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).Name as name,
    (object).FullyQualifiedName as full_name,
    (object).AcctNum as code,
    (object).Classification as classification,
    (object).AccountType as type,
    (object).AccountSubType as sub_type,
    (object).CurrencyRef.value as currency,
    (object).CurrentBalance as balance,
    if((object).Active in ('true', 'false'), (object).Active = 'true', null) as is_active,
    (object).SyncToken as sync_token,
    {{ iso_time('(object).MetaData.CreateTime') }} as created_at,
    {{ iso_time('(object).MetaData.LastUpdatedTime') }} as updated_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('quickbooks', 'quickbooks_account') }}
