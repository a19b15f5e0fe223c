{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_enablebanking__accounts')) }}
with JSONExtract(payload, 'Tuple(
    account_id Tuple(
        iban Nullable(String),
        other Tuple(identification Nullable(String))
    ),
    currency Nullable(String),
    name Nullable(String),
    details Nullable(String),
    product Nullable(String),
    cash_account_type Nullable(String),
    account_servicer Tuple(
        name Nullable(String),
        bic_fi Nullable(String)
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).account_id.iban as iban,
    (object).account_id.other.identification as other_number,
    (object).currency as currency,
    (object).name as owner_name,
    (object).details as name,
    (object).product as product,
    (object).cash_account_type as cash_account_type,
    (object).account_servicer.name as institution_name,
    (object).account_servicer.bic_fi as institution_bic,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('enablebanking', 'enablebanking_account') }}
