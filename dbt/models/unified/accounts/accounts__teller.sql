{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounts')) }}
-- depends_on: {{ ref('stg_teller__accounts__feed') }}
select
    workspace_id,
    connection_id,
    id,
    'teller' as provider,
    name,
    teller.type as type,
    {{ iso_currency('teller.currency') }} as currency,
    replaceAll(teller.subtype, '_', ' ') as subtype,
    institution_id,
    institution_name,
    last_four as mask,
    teller.status as status,
    'raw.teller_account' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_teller__accounts') }} as teller
