{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('balances')) }}
-- depends_on: {{ ref('stg_enablebanking__balances__feed') }}
with {{ iso_currency('bank.currency') }} as iso_code,
    multiIf(kind in ('CLBD', 'ITBD'), 'booked', kind in ('CLAV', 'ITAV'), 'available', kind = 'XPCD', 'expected', '') as told,
    {{ decimal_minor('bank.amount', 'iso_code') }} as wire_minor
select
    workspace_id,
    connection_id,
    account_id,
    'enablebanking' as provider,
    told as type,
    ifNull(iso_code, '') as currency,
    ifNull(wire_minor, 0) as amount_minor,
    assumeNotNull(bank.reported_on) as reported_on,
    ifNull(changed_at, fromUnixTimestamp64Micro(toInt64(bank.version), 'UTC')) as reported_at,
    'raw.enablebanking_balance' as source_table,
    id as source_id,
    -- Of a day's two booked balances, that of the moment outranks that of the last close.
    bank.version + if(kind in ('ITBD', 'ITAV'), 1, 0) as version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_enablebanking__balances') }} as bank
where told != '' and wire_minor is not null and iso_code is not null and bank.reported_on is not null
