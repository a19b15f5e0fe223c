{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_teller__accounts')) }}
with JSONExtract(payload, 'Tuple(
    enrollment_id Nullable(String),
    name Nullable(String),
    type Nullable(String),
    subtype Nullable(String),
    status Nullable(String),
    currency Nullable(String),
    last_four Nullable(String),
    institution Tuple(
        id Nullable(String),
        name Nullable(String)
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).enrollment_id as enrollment_id,
    (object).name as name,
    (object).type as type,
    (object).subtype as subtype,
    (object).status as status,
    (object).currency as currency,
    (object).last_four as last_four,
    (object).institution.id as institution_id,
    (object).institution.name as institution_name,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('teller', 'teller_account') }}
