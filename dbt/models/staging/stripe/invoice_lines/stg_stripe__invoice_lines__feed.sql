{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__invoice_lines')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    invoice Nullable(String),
    id Nullable(String),
    type Nullable(String),
    amount Nullable(String),
    currency Nullable(String),
    description Nullable(String),
    quantity Nullable(String),
    proration Nullable(Bool),
    period Tuple(start Nullable(Int64), end Nullable(Int64)),
    discount_amounts Array(Tuple(amount Nullable(String), discount Nullable(String))),
    tax_amounts Array(Tuple(amount Nullable(String))),
    taxes Array(Tuple(amount Nullable(String))),
    subscription Nullable(String),
    subscription_item Nullable(String),
    invoice_item Nullable(String),
    price Nullable(String),
    plan Nullable(String),
    unit_amount_excluding_tax Nullable(String),
    parent Tuple(
        type Nullable(String),
        subscription_item_details Tuple(
            subscription Nullable(String),
            subscription_item Nullable(String),
            invoice_item Nullable(String),
            proration Nullable(Bool)
        ),
        invoice_item_details Tuple(
            subscription Nullable(String),
            invoice_item Nullable(String),
            proration Nullable(Bool)
        )
    ),
    pricing Tuple(
        unit_amount_decimal Nullable(String),
        price_details Tuple(price Nullable(String), product Nullable(String))
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    ifNull({{ object_id('(object).invoice') }}, '') as invoice_id,
    multiIf(
        startsWith(ifNull((object).parent.type, ''), 'subscription'), 'subscription',
        (object).parent.type is not null, 'invoiceitem',
        (object).type) as type,
    coalesce(
        (object).parent.subscription_item_details.subscription,
        (object).parent.invoice_item_details.subscription,
        {{ object_id('(object).subscription') }}) as subscription_id,
    coalesce(
        (object).parent.subscription_item_details.subscription_item,
        {{ object_id('(object).subscription_item') }}) as subscription_item_id,
    coalesce(
        (object).parent.subscription_item_details.invoice_item,
        (object).parent.invoice_item_details.invoice_item,
        {{ object_id('(object).invoice_item') }}) as invoice_item_id,
    coalesce(
        {{ object_id('(object).pricing.price_details.price') }},
        {{ object_id('(object).price') }},
        {{ object_id('(object).plan') }}) as price_id,
    {{ object_id('(object).pricing.price_details.product') }} as product_id,
    toInt64OrNull((object).amount) as amount,
    (object).currency as currency,
    toInt64OrNull((object).quantity) as quantity,
    toDecimal128OrNull(coalesce((object).pricing.unit_amount_decimal, (object).unit_amount_excluding_tax), 12) as unit_amount_decimal,
    arraySum(discount -> ifNull(toInt64OrNull((discount).amount), 0), (object).discount_amounts) as discount,
    arrayMap(discount -> ifNull({{ object_id('(discount).discount') }}, ''), (object).discount_amounts) as discount_ids,
    arraySum(
        tax -> ifNull(toInt64OrNull((tax).amount), 0),
        if(empty((object).taxes), (object).tax_amounts, (object).taxes)) as tax,
    coalesce(
        (object).proration,
        (object).parent.subscription_item_details.proration,
        (object).parent.invoice_item_details.proration) as proration,
    {{ epoch_seconds('(object).period.start') }} as period_starts_at,
    {{ epoch_seconds('(object).period.end') }} as period_ends_at,
    (object).description as description,
    'listed' as origin,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_line_item') }}
