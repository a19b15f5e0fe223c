{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__company_infos')) }}
with JSONExtract(payload, 'Tuple(
    CompanyName Nullable(String),
    LegalName Nullable(String),
    Country Nullable(String),
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
    (object).CompanyName as name,
    (object).LegalName as legal_name,
    (object).Country as country,
    (object).SyncToken as sync_token,
    {{ iso_time('(object).MetaData.CreateTime') }} as created_at,
    {{ iso_time('(object).MetaData.LastUpdatedTime') }} as updated_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('quickbooks', 'quickbooks_company_info') }}
