{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__customers')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    name Nullable(String),
    email Nullable(String),
    phone Nullable(String),
    description Nullable(String),
    currency Nullable(String),
    balance Nullable(String),
    delinquent Nullable(Bool),
    created Nullable(Int64),
    invoice_settings Tuple(
        default_payment_method Nullable(String)
    ),
    default_source Nullable(String),
    address Tuple(
        country Nullable(String)
    ),
    tax_exempt Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).name as name,
    (object).email as email,
    (object).phone as phone,
    (object).description as description,
    (object).currency as currency,
    toInt64OrNull((object).balance) as balance,
    (object).delinquent as delinquent,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ object_id('(object).invoice_settings.default_payment_method') }} as default_payment_method_id,
    {{ object_id('(object).default_source') }} as default_source_id,
    (object).address.country as country,
    (object).tax_exempt as tax_exempt,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_customer') }}
