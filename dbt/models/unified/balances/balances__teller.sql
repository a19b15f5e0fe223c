{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('balances')) }}
-- depends_on: {{ ref('stg_teller__balances__feed') }}
with {{ iso_currency('teller.currency') }} as iso_code,
    {{ decimal_minor('ledger', 'iso_code') }} as ledger_minor,
    {{ decimal_minor('available', 'iso_code') }} as available_minor,
    fromUnixTimestamp64Micro(toInt64(version), 'UTC') as known_at,
    -- The id ends with Teller's own day, which a clock of ours beside it may miss by a little.
    ifNull(toDate({{ iso_time("splitByChar('|', id)[-1]") }}), toDate(known_at)) as told_on
select
    workspace_id,
    connection_id,
    assumeNotNull(account_id) as account_id,
    'teller' as provider,
    told.1 as type,
    assumeNotNull(iso_code) as currency,
    assumeNotNull(told.2) as amount_minor,
    told_on as reported_on,
    known_at as reported_at,
    'raw.teller_balance' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_teller__balances') }} as teller
array join [
    ('booked', multiIf(account_type = 'depository', ledger_minor, account_type = 'credit', -ledger_minor, null)),
    ('available', if(account_type in ('depository', 'credit'), available_minor, null))
] as told
where account_id is not null and iso_code is not null and told.2 is not null
