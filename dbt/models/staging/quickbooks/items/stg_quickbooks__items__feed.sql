{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__items')) }}
with JSONExtract(payload, 'Tuple(
    Name Nullable(String),
    Type Nullable(String),
    UnitPrice Nullable(String),
    IncomeAccountRef Tuple(
        value Nullable(String)
    ),
    ExpenseAccountRef Tuple(
        value Nullable(String)
    ),
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
    (object).Type as type,
    (object).UnitPrice as unit_price,
    (object).IncomeAccountRef.value as income_account_id,
    (object).ExpenseAccountRef.value as expense_account_id,
    if((object).Active in ('true', 'false'), (object).Active = 'true', null) as is_active,
    (object).SyncToken as sync_token,
    {{ iso_time('(object).MetaData.CreateTime') }} as created_at,
    {{ iso_time('(object).MetaData.LastUpdatedTime') }} as updated_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('quickbooks', 'quickbooks_item') }}
