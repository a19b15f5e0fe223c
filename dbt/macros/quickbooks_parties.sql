{# Whom a company sells to, or buys from: the two differ in nothing else. #}
{% macro quickbooks_parties(landed) -%}
with JSONExtract(payload, 'Tuple(
    DisplayName Nullable(String),
    CompanyName Nullable(String),
    PrimaryEmailAddr Tuple(
        Address Nullable(String)
    ),
    BillAddr Tuple(
        Country Nullable(String)
    ),
    CurrencyRef Tuple(
        value Nullable(String)
    ),
    Balance Nullable(String),
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
    (object).DisplayName as name,
    (object).CompanyName as company_name,
    (object).PrimaryEmailAddr.Address as email,
    (object).BillAddr.Country as country,
    (object).CurrencyRef.value as currency,
    (object).Balance as balance,
    if((object).Active in ('true', 'false'), (object).Active = 'true', null) as is_active,
    (object).SyncToken as sync_token,
    {{ iso_time('(object).MetaData.CreateTime') }} as created_at,
    {{ iso_time('(object).MetaData.LastUpdatedTime') }} as updated_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ landed }}
{%- endmacro %}
