{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'newest_first', 'journal_id', 'connection_id', 'revision', 'is_reversal', 'entry_number'],
    settings=granules(),
) }}
{%- set key = 'workspace_id, connection_id, journal_id' %}

with {% call touched_keys('touched', key) %}
    select {{ key }} from {{ ref('fct_ledger_entries') }} where {{ landed_since('computed_at') }} and entry_number = 1
{% endcall %}

select
    workspace_id,
    -toUnixTimestamp64Milli(effective_at) as newest_first,
    journal_id,
    connection_id,
    revision,
    is_reversal,
    entry_number,
    journal_type,
    account_code,
    account_id,
    currency,
    amount_minor,
    debit_minor,
    credit_minor,
    effective_at,
    recorded_at,
    source_table,
    source_id,
    source_version,
    version,
    is_deleted,
    {{ run_began_at() }} as computed_at
from {{ newest(ref('fct_ledger_entries')) }}
where ({{ key }}) in (select {{ key }} from touched) and {{ landed_since('computed_at') }}
