{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('balances')) }}
-- depends_on: {{ ref('stg_plaid__balances__feed') }}
with {{ iso_currency('plaid.currency') }} as iso_code,
    {{ decimal_minor('current', 'iso_code') }} as current_minor,
    {{ decimal_minor('available', 'iso_code') }} as available_minor,
    {{ decimal_minor('credit_limit', 'iso_code') }} as limit_minor,
    ifNull(updated_at, fromUnixTimestamp64Micro(toInt64(version), 'UTC')) as known_at,
    -- The id ends with Plaid's own day, which a clock of ours beside it may miss by a little.
    coalesce(toDate(updated_at), toDate({{ iso_time("splitByChar('|', id)[-1]") }}), toDate(known_at)) as told_on
select
    workspace_id,
    connection_id,
    assumeNotNull(account_id) as account_id,
    'plaid' as provider,
    told.1 as type,
    assumeNotNull(iso_code) as currency,
    assumeNotNull(told.2) as amount_minor,
    assumeNotNull(told_on) as reported_on,
    known_at as reported_at,
    'raw.plaid_balance' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_plaid__balances') }} as plaid
array join [
    ('booked', if(account_type in ('credit', 'loan'), -current_minor, current_minor)),
    ('available', available_minor),
    ('limit', limit_minor)
] as told
where account_id is not null and account_type is not null and iso_code is not null and told.2 is not null
