{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__invoice_items')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    customer Nullable(String),
    invoice Nullable(String),
    subscription Nullable(String),
    parent Tuple(
        subscription_details Tuple(
            subscription Nullable(String),
            subscription_item Nullable(String)
        )
    ),
    subscription_item Nullable(String),
    price Nullable(String),
    plan Nullable(String),
    pricing Tuple(
        price_details Tuple(
            price Nullable(String)
        ),
        unit_amount_decimal Nullable(String)
    ),
    amount Nullable(String),
    currency Nullable(String),
    quantity Nullable(String),
    unit_amount_decimal Nullable(String),
    proration Nullable(Bool),
    period Tuple(
        start Nullable(Int64),
        end Nullable(Int64)
    ),
    date Nullable(Int64),
    description Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    {{ object_id('(object).customer') }} as customer_id,
    {{ object_id('(object).invoice') }} as invoice_id,
    coalesce({{ object_id('(object).subscription') }}, {{ object_id('(object).parent.subscription_details.subscription') }}) as subscription_id,
    coalesce({{ object_id('(object).subscription_item') }}, {{ object_id('(object).parent.subscription_details.subscription_item') }}) as subscription_item_id,
    coalesce({{ object_id('(object).price') }}, {{ object_id('(object).plan') }}, {{ object_id('(object).pricing.price_details.price') }}) as price_id,
    toInt64OrNull((object).amount) as amount,
    (object).currency as currency,
    toInt64OrNull((object).quantity) as quantity,
    coalesce(toDecimal128OrNull((object).unit_amount_decimal, 12), toDecimal128OrNull((object).pricing.unit_amount_decimal, 12)) as unit_amount_decimal,
    (object).proration as proration,
    {{ epoch_seconds('(object).period.start') }} as period_starts_at,
    {{ epoch_seconds('(object).period.end') }} as period_ends_at,
    {{ epoch_seconds('(object).date') }} as dated_at,
    (object).description as description,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_invoiceitem') }}
