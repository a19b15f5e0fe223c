{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__preferences')) }}
with JSONExtract(payload, 'Tuple(
    CurrencyPrefs Tuple(
        HomeCurrency Tuple(
            value Nullable(String)
        ),
        MultiCurrencyEnabled Nullable(String)
    ),
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
    (object).CurrencyPrefs.HomeCurrency.value as home_currency,
    if((object).CurrencyPrefs.MultiCurrencyEnabled in ('true', 'false'), (object).CurrencyPrefs.MultiCurrencyEnabled = 'true', null) as is_multicurrency,
    (object).SyncToken as sync_token,
    {{ iso_time('(object).MetaData.CreateTime') }} as created_at,
    {{ iso_time('(object).MetaData.LastUpdatedTime') }} as updated_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('quickbooks', 'quickbooks_preferences') }}
