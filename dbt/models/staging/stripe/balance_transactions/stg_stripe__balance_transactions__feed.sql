{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__balance_transactions')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    amount Nullable(String),
    fee Nullable(String),
    net Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    available_on Nullable(Int64),
    type Nullable(String),
    reporting_category Nullable(String),
    status Nullable(String),
    source Nullable(String),
    exchange_rate Nullable(String),
    description Nullable(String),
    balance_type Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    toInt64OrNull((object).amount) as amount,
    toInt64OrNull((object).fee) as fee,
    toInt64OrNull((object).net) as net,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ epoch_seconds('(object).available_on') }} as available_at,
    (object).type as type,
    (object).reporting_category as reporting_category,
    (object).status as status,
    {{ object_id('(object).source') }} as source_id,
    toDecimal128OrNull((object).exchange_rate, 12) as exchange_rate,
    (object).description as description,
    (object).balance_type as balance_type,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_balance_transaction') }}
