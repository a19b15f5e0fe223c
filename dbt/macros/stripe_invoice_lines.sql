{# An invoice's line, listed or embedded: its fields, and the columns of the Tuple `of` them. #}
{% macro stripe_invoice_line_fields() -%}
    id Nullable(String),
    type Nullable(String),
    amount Nullable(String),
    currency Nullable(String),
    description Nullable(String),
    quantity Nullable(String),
    proration Nullable(Bool),
    period Tuple(start Nullable(Int64), end Nullable(Int64)),
    discount_amounts Array(Tuple(amount Nullable(String), discount Nullable(String))),
    pretax_credit_amounts Array(Tuple(amount Nullable(String), type Nullable(String))),
    tax_amounts Array(Tuple(amount Nullable(String), inclusive Nullable(Bool))),
    taxes Array(Tuple(amount Nullable(String), tax_behavior Nullable(String))),
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
{%- endmacro %}

{% macro stripe_invoice_line_columns(of) -%}
    multiIf(
        startsWith(ifNull({{ of }}.parent.type, ''), 'subscription'), 'subscription',
        {{ of }}.parent.type is not null, 'invoiceitem',
        {{ of }}.type) as type,
    coalesce(
        {{ of }}.parent.subscription_item_details.subscription,
        {{ of }}.parent.invoice_item_details.subscription,
        {{ object_id(of ~ '.subscription') }}) as subscription_id,
    coalesce(
        {{ of }}.parent.subscription_item_details.subscription_item,
        {{ object_id(of ~ '.subscription_item') }}) as subscription_item_id,
    coalesce(
        {{ of }}.parent.subscription_item_details.invoice_item,
        {{ of }}.parent.invoice_item_details.invoice_item,
        {{ object_id(of ~ '.invoice_item') }}) as invoice_item_id,
    coalesce(
        {{ object_id(of ~ '.pricing.price_details.price') }},
        {{ object_id(of ~ '.price') }},
        {{ object_id(of ~ '.plan') }}) as price_id,
    {{ object_id(of ~ '.pricing.price_details.product') }} as product_id,
    toInt64OrNull({{ of }}.amount) as amount,
    {{ of }}.currency as currency,
    toInt64OrNull({{ of }}.quantity) as quantity,
    toDecimal128OrNull(coalesce({{ of }}.pricing.unit_amount_decimal, {{ of }}.unit_amount_excluding_tax), 12) as unit_amount_decimal,
    arraySum(discount -> ifNull(toInt64OrNull((discount).amount), 0), {{ of }}.discount_amounts)
        + {{ billing_credits(of ~ '.pretax_credit_amounts') }} as discount,
    arrayMap(discount -> ifNull({{ object_id('(discount).discount') }}, ''), {{ of }}.discount_amounts) as discount_ids,
    arraySum(tax -> tax.1, (if(
        empty({{ of }}.taxes),
        arrayMap(tax -> (ifNull(toInt64OrNull((tax).amount), 0), (tax).inclusive), {{ of }}.tax_amounts),
        arrayMap(tax -> (ifNull(toInt64OrNull((tax).amount), 0), (tax).tax_behavior = 'inclusive'), {{ of }}.taxes)) as line_taxes)) as tax,
    if(arrayExists(tax -> tax.2 is null, line_taxes), null, arraySum(tax -> if(tax.2, tax.1, 0), line_taxes)) as inclusive_tax,
    coalesce(
        {{ of }}.proration,
        {{ of }}.parent.subscription_item_details.proration,
        {{ of }}.parent.invoice_item_details.proration) as proration,
    {{ epoch_seconds(of ~ '.period.start') }} as period_starts_at,
    {{ epoch_seconds(of ~ '.period.end') }} as period_ends_at,
    {{ of }}.description as description
{%- endmacro %}

{#- What billing credits paid, of a list that repeats the discounts: they lower what is charged, as discounts do. #}
{% macro billing_credits(amounts) -%}
    arraySum(credit -> if((credit).type = 'credit_balance_transaction', ifNull(toInt64OrNull((credit).amount), 0), 0), {{ amounts }})
{%- endmacro %}

{#- Whether an invoice's prices hold its tax, where a line does not say: tax that was added cannot leave less than the subtotal,
    all discounts taken off, and it. Shipping is in the total, not in the subtotal. #}
{% macro is_tax_inclusive() -%}
    sign(ifNull(tax_minor, 0) - ifNull(shipping_tax_minor, 0) as tax_of_lines) * (
        ifNull(subtotal_minor, 0) - ifNull(discount_minor, 0) + tax_of_lines - ifNull(total_minor, 0) + ifNull(shipping_minor, 0)) > 0
{%- endmacro %}

{#- Whether a line was shown once its invoice was final: one taken off a draft never was, and Stripe tells of it no more.
    A minute is what clocks may differ by. What is shipped each state of the invoice says itself. #}
{% macro on_the_final_invoice(finalized_at) -%}
    if(ifNull(lines.type, '') = 'shipping',
        lines.version = invoice_version,
        lines.version >= toUnixTimestamp64Micro(toDateTime64({{ finalized_at }}, 6, 'UTC')) - 60000000)
{%- endmacro %}
