{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__invoice_lines')) }}
with JSONExtract(payload, 'Tuple(
    lines Tuple(data Array(Tuple(
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
    )))
)') as object,
    arrayJoin((object).lines.data) as line
select
    workspace_id,
    connection_id,
    assumeNotNull((line).id) as id,
    stripe.id as invoice_id,
    multiIf(
        startsWith(ifNull((line).parent.type, ''), 'subscription'), 'subscription',
        (line).parent.type is not null, 'invoiceitem',
        (line).type) as type,
    coalesce(
        (line).parent.subscription_item_details.subscription,
        (line).parent.invoice_item_details.subscription,
        {{ object_id('(line).subscription') }}) as subscription_id,
    coalesce(
        (line).parent.subscription_item_details.subscription_item,
        {{ object_id('(line).subscription_item') }}) as subscription_item_id,
    coalesce(
        (line).parent.subscription_item_details.invoice_item,
        (line).parent.invoice_item_details.invoice_item,
        {{ object_id('(line).invoice_item') }}) as invoice_item_id,
    coalesce(
        {{ object_id('(line).pricing.price_details.price') }},
        {{ object_id('(line).price') }},
        {{ object_id('(line).plan') }}) as price_id,
    {{ object_id('(line).pricing.price_details.product') }} as product_id,
    toInt64OrNull((line).amount) as amount,
    (line).currency as currency,
    toInt64OrNull((line).quantity) as quantity,
    toDecimal128OrNull(coalesce((line).pricing.unit_amount_decimal, (line).unit_amount_excluding_tax), 12) as unit_amount_decimal,
    arraySum(discount -> ifNull(toInt64OrNull((discount).amount), 0), (line).discount_amounts) as discount,
    arrayMap(discount -> ifNull({{ object_id('(discount).discount') }}, ''), (line).discount_amounts) as discount_ids,
    arraySum(
        tax -> ifNull(toInt64OrNull((tax).amount), 0),
        if(empty((line).taxes), (line).tax_amounts, (line).taxes)) as tax,
    coalesce(
        (line).proration,
        (line).parent.subscription_item_details.proration,
        (line).parent.invoice_item_details.proration) as proration,
    {{ epoch_seconds('(line).period.start') }} as period_starts_at,
    {{ epoch_seconds('(line).period.end') }} as period_ends_at,
    (line).description as description,
    'embedded' as origin,
    version,
    toUInt8(0) as is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('stripe', 'stripe_invoice') }} as stripe
where (line).id is not null
