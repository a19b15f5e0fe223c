{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_enablebanking__balances')) }}
with JSONExtract(payload, 'Tuple(
    balance_amount Tuple(
        amount Nullable(String),
        currency Nullable(String)
    ),
    balance_type Nullable(String),
    last_change_date_time Nullable(String)
)') as object,
    splitByChar('/', id) as parts
select
    workspace_id,
    connection_id,
    id,
    parts[1] as account_id,
    (object).balance_type as kind,
    (object).balance_amount.amount as amount,
    (object).balance_amount.currency as currency,
    toDateOrNull(parts[-1]) as reported_on,
    {{ iso_time('(object).last_change_date_time') }} as changed_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('enablebanking', 'enablebanking_balance') }}
