{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__tax_rates')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    display_name Nullable(String),
    percentage Nullable(String),
    inclusive Nullable(Bool),
    active Nullable(Bool),
    country Nullable(String),
    jurisdiction Nullable(String),
    tax_type Nullable(String),
    created Nullable(Int64)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).display_name as display_name,
    toDecimal128OrNull((object).percentage, 12) as percentage,
    (object).inclusive as inclusive,
    (object).active as active,
    (object).country as country,
    (object).jurisdiction as jurisdiction,
    (object).tax_type as tax_type,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_tax_rate') }}
