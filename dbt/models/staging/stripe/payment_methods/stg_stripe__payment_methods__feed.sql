{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__payment_methods')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    type Nullable(String),
    customer Nullable(String),
    created Nullable(Int64),
    card Tuple(
        brand Nullable(String),
        last4 Nullable(String),
        exp_month Nullable(String),
        exp_year Nullable(String),
        funding Nullable(String),
        country Nullable(String),
        fingerprint Nullable(String)
    ),
    sepa_debit Tuple(
        fingerprint Nullable(String)
    ),
    us_bank_account Tuple(
        fingerprint Nullable(String)
    ),
    billing_details Tuple(
        name Nullable(String),
        email Nullable(String),
        address Tuple(
            country Nullable(String)
        )
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).type as type,
    {{ object_id('(object).customer') }} as customer_id,
    {{ epoch_seconds('(object).created') }} as created_at,
    (object).card.brand as card_brand,
    (object).card.last4 as card_last4,
    toInt64OrNull((object).card.exp_month) as card_exp_month,
    toInt64OrNull((object).card.exp_year) as card_exp_year,
    (object).card.funding as card_funding,
    (object).card.country as card_country,
    coalesce((object).card.fingerprint, (object).sepa_debit.fingerprint, (object).us_bank_account.fingerprint) as fingerprint,
    (object).billing_details.name as billing_name,
    (object).billing_details.email as billing_email,
    (object).billing_details.address.country as billing_country,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_payment_method') }}
