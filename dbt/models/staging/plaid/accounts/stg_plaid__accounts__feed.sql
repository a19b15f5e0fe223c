{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_plaid__accounts')) }}
with JSONExtract(payload, 'Tuple(
    account Tuple(
        account_id Nullable(String),
        name Nullable(String),
        official_name Nullable(String),
        mask Nullable(String),
        type Nullable(String),
        subtype Nullable(String),
        persistent_account_id Nullable(String),
        holder_category Nullable(String),
        balances Tuple(
            iso_currency_code Nullable(String)
        )
    ),
    item Tuple(
        item_id Nullable(String),
        institution_id Nullable(String),
        institution_name Nullable(String)
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).account.account_id as account_id,
    (object).account.persistent_account_id as persistent_account_id,
    (object).account.name as name,
    (object).account.official_name as official_name,
    (object).account.mask as mask,
    (object).account.type as type,
    (object).account.subtype as subtype,
    (object).account.holder_category as holder_category,
    (object).account.balances.iso_currency_code as currency,
    (object).item.item_id as item_id,
    (object).item.institution_id as institution_id,
    (object).item.institution_name as institution_name,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('plaid', 'plaid_account') }}
