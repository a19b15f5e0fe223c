{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_gocardless__account_details')) }}
with JSONExtract(payload, 'Tuple(
    iban Nullable(String),
    bban Nullable(String),
    maskedPan Nullable(String),
    currency Nullable(String),
    ownerName Nullable(String),
    name Nullable(String),
    displayName Nullable(String),
    product Nullable(String),
    cashAccountType Nullable(String),
    status Nullable(String)
)') as object,
    splitByChar('/', landed.id) as parts
select
    workspace_id,
    connection_id,
    parts[1] as id,
    landed.id as raw_id,
    nullIf(parts[2], '') as institution_id,
    (object).iban as iban,
    (object).bban as bban,
    (object).maskedPan as masked_pan,
    (object).currency as currency,
    (object).ownerName as owner_name,
    coalesce(nullIf((object).name, ''), (object).displayName) as name,
    (object).product as product,
    (object).cashAccountType as cash_account_type,
    (object).status as status,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('gocardless', 'gocardless_account_detail') }} as landed
