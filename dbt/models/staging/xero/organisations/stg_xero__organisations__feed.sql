{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_xero__organisations')) }}
with JSONExtract(payload, 'Tuple(
    Name Nullable(String),
    LegalName Nullable(String),
    BaseCurrency Nullable(String),
    CountryCode Nullable(String),
    Class Nullable(String),
    OrganisationStatus Nullable(String),
    CreatedDateUTC Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).Name as name,
    (object).LegalName as legal_name,
    (object).BaseCurrency as base_currency,
    (object).CountryCode as country,
    (object).Class as class,
    (object).OrganisationStatus as status,
    {{ json_date_time('(object).CreatedDateUTC') }} as created_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('xero', 'xero_organisation') }}
