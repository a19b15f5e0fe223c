{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_xero__contacts')) }}
with JSONExtract(payload, 'Tuple(
    Name Nullable(String),
    EmailAddress Nullable(String),
    ContactStatus Nullable(String),
    IsCustomer Nullable(String),
    IsSupplier Nullable(String),
    DefaultCurrency Nullable(String),
    UpdatedDateUTC Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).Name as name,
    (object).EmailAddress as email,
    (object).ContactStatus as status,
    if((object).IsCustomer in ('true', 'false'), (object).IsCustomer = 'true', null) as is_customer,
    if((object).IsSupplier in ('true', 'false'), (object).IsSupplier = 'true', null) as is_supplier,
    (object).DefaultCurrency as currency,
    {{ json_date_time('(object).UpdatedDateUTC') }} as updated_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('xero', 'xero_contact') }}
