{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__products')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    name Nullable(String),
    description Nullable(String),
    active Nullable(Bool),
    created Nullable(Int64),
    updated Nullable(Int64),
    default_price Nullable(String),
    type Nullable(String),
    unit_label Nullable(String),
    tax_code Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).name as name,
    (object).description as description,
    (object).active as active,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ epoch_seconds('(object).updated') }} as changed_at,
    {{ object_id('(object).default_price') }} as default_price_id,
    (object).type as type,
    (object).unit_label as unit_label,
    {{ object_id('(object).tax_code') }} as tax_code_id,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_product') }}
