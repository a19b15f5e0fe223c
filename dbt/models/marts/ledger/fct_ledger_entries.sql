{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'journal_id', 'revision', 'is_reversal', 'entry_number'],
    settings=granules(),
) }}
{%- set key = 'workspace_id, connection_id, journal_id' %}
{%- set journals = ['balance', 'payment', 'invoice', 'credit', 'revenue', 'bank'] %}
{#- Nothing is ever changed: a journal that its source corrected is reversed, entry by entry, and written anew. What was known
    when is nowhere else, so a full refresh of the marts keeps these rows, and looks at each: what the journals, built anew, do
    not tell any more is taken back like any other. -#}

with {% call touched_keys('touched', key) %}
    {%- for kind in journals %}
    select {{ key }} from {{ ref('int_ledger__' ~ kind ~ '_journals') }} where {{ landed_since('computed_at') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- if is_incremental() and flags.FULL_REFRESH %}
    union all
    select {{ key }} from {{ this }} where entry_number = 1
    {%- endif %}
{% endcall %},

wanted as (
    {%- for kind in journals %}
    select {{ key }}, type, effective_at, entries, source_table, source_id, source_version
    from {{ newest(ref('int_ledger__' ~ kind ~ '_journals')) }}
    where ({{ key }}) in (select {{ key }} from touched)
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

{% if is_incremental() -%}
written as (
    select {{ key }},
        groupArray((revision, is_reversal, concat(account_code, if(account_id = '', '', concat('/', account_id))),
            currency, amount_minor)) as rows,
        arrayMax(arrayMap(row -> row.1, rows)) as last_revision,
        arrayFilter(row -> row.1 = last_revision, rows) as last_rows,
        -- What stands: the newest revision, unless it was reversed.
        if(arrayExists(row -> row.2, last_rows), [], arraySort(arrayMap(row -> (row.3, row.4, row.5), last_rows))) as standing,
        argMaxIf((effective_at, journal_type, source_table, source_id, source_version), revision, not is_reversal) as standing_fact
    from {{ newest(this) }}
    where ({{ key }}) in (select {{ key }} from touched)
    group by {{ key }}
),
{%- endif %}

changed as (
    {%- if is_incremental() %}
    select {{ key }}, wanted.entries as entries,
        (wanted.effective_at, wanted.type, wanted.source_table, wanted.source_id, wanted.source_version) as fact,
        written.last_revision as last_revision, written.standing as standing, written.standing_fact as standing_fact
    from touched
    left join wanted using ({{ key }})
    left join written using ({{ key }})
    where entries != standing or (notEmpty(entries) and fact.1 != standing_fact.1)
    {%- else %}
    select {{ key }}, entries, (effective_at, type, source_table, source_id, source_version) as fact, toUInt32(0) as last_revision
    from wanted
    where notEmpty(entries)
    {%- endif %}
),

-- A reversal is of the kind, the source and the moment of what it takes back.
rows as (
    select {{ key }},
        arrayJoin(arrayConcat(
        {%- if is_incremental() %}
            arrayMap((entry, number) -> (last_revision, true, toUInt16(number), entry.1, entry.2, -entry.3, standing_fact),
                standing, arrayEnumerate(standing)),
        {%- endif %}
            arrayMap((entry, number) -> (toUInt32(last_revision + 1), false, toUInt16(number), entry.1, entry.2, entry.3, fact),
                entries, arrayEnumerate(entries))
        )) as row,
        row.7 as told,
        told.3 as source_table,
        told.4 as source_id,
        told.5 as source_version
    from changed
)

select
    {{ key }},
    row.1 as revision,
    row.2 as is_reversal,
    row.3 as entry_number,
    told.2 as journal_type,
    extract(row.4, '^[^/]*') as account_code,
    substring(row.4, length(account_code) + 2) as account_id,
    row.5 as currency,
    row.6 as amount_minor,
    greatest(amount_minor, 0) as debit_minor,
    greatest(-amount_minor, 0) as credit_minor,
    told.1 as effective_at,
    now64(3, 'UTC') as recorded_at,
    source_table,
    source_id,
    {{ computed_row() }}
from rows
