{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_gocardless__balances')) }}
with JSONExtract(payload, 'Tuple(
    balanceAmount Tuple(
        amount Nullable(String),
        currency Nullable(String)
    ),
    balanceType Nullable(String),
    lastChangeDateTime Nullable(String)
)') as object,
    splitByChar('/', landed.id) as parts
select
    workspace_id,
    connection_id,
    landed.id as id,
    parts[1] as account_id,
    parts[2] as institution_id,
    (object).balanceType as kind,
    (object).balanceAmount.amount as amount,
    (object).balanceAmount.currency as currency,
    toDateOrNull(parts[-1]) as reported_on,
    {{ iso_time('(object).lastChangeDateTime') }} as changed_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('gocardless', 'gocardless_balance') }} as landed
