{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'effective_on', 'account_code', 'account_id', 'currency', 'recorded_on'],
    settings=granules(),
) }}
{%- set day = 'workspace_id, connection_id, effective_on' %}
{%- set cell = 'workspace_id, connection_id, account_code, account_id, currency, effective_on, recorded_on' %}
{#- Entries are never changed: what a run of theirs has written is added to what stands. -#}

with {% call touched_keys('touched', day) %}
    select distinct workspace_id, connection_id, toDate(effective_at, 'UTC') as effective_on
    from {{ ref('fct_ledger_entries') }}
    where {{ landed_since('computed_at') }}
{% endcall %},

written as (
    select workspace_id, connection_id, account_code, account_id, currency,
        toDate(effective_at, 'UTC') as effective_on, toDate(recorded_at, 'UTC') as recorded_on, computed_at as written_at,
        toUInt64(count()) as entries, sum(debit_minor) as debits_minor, sum(credit_minor) as credits_minor,
        sum(amount_minor) as moved_minor, max(effective_at) as moved_at, max(recorded_at) as newest_at
    from {{ newest(ref('fct_ledger_entries')) }}
    where (workspace_id, connection_id, toDate(effective_at, 'UTC')) in (select * from touched)
    {%- if is_incremental() %}
        and {{ landed_since('computed_at') }}
        -- By their key, too: with FINAL the index of computed_at leaves nothing out.
        and (workspace_id, connection_id, journal_id) in (
            select workspace_id, connection_id, journal_id from {{ ref('fct_ledger_entries') }} where {{ landed_since('computed_at') }})
    {%- endif %}
    group by {{ cell }}, written_at
),

{{ added_to_days(cell, ['entries', 'debits_minor', 'credits_minor', 'moved_minor'], latest=['moved_at', 'newest_at'], day=day) }}
