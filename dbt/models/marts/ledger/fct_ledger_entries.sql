{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'journal_id', 'revision', 'is_reversal', 'entry_number'],
    settings=granules(),
) }}
{%- set key = 'workspace_id, connection_id, journal_id' %}
{%- set journals = ['balance', 'payment', 'invoice', 'credit', 'revenue', 'bank'] %}
{#- Nothing is ever changed: a journal that its source corrected is reversed, entry by entry, and written anew. -#}

with {% call touched_keys('touched', key) %}
    {%- for kind in journals %}
    select {{ key }} from {{ ref('int_ledger__' ~ kind ~ '_journals') }} where {{ landed_since('computed_at') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
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
        argMaxIf(effective_at, revision, not is_reversal) as standing_at
    from {{ newest(this) }}
    where ({{ key }}) in (select {{ key }} from touched)
    group by {{ key }}
),
{%- endif %}

changed as (
    select wanted.*,
    {%- if is_incremental() %}
        written.last_revision as last_revision, written.standing as standing, written.standing_at as standing_at
    from wanted
    left join written using ({{ key }})
    where wanted.entries != written.standing or (notEmpty(wanted.entries) and wanted.effective_at != written.standing_at)
    {%- else %}
        toUInt32(0) as last_revision, emptyArrayString() as standing
    from wanted
    where notEmpty(entries)
    {%- endif %}
),

rows as (
    select {{ key }}, type, source_table, source_id, source_version,
        arrayJoin(arrayConcat(
        {%- if is_incremental() %}
            arrayMap((entry, number) -> (last_revision, true, toUInt16(number), entry.1, entry.2, -entry.3, standing_at),
                standing, arrayEnumerate(standing)),
        {%- endif %}
            arrayMap((entry, number) -> (toUInt32(last_revision + 1), false, toUInt16(number), entry.1, entry.2, entry.3, effective_at),
                entries, arrayEnumerate(entries))
        )) as row
    from changed
)

select
    {{ key }},
    row.1 as revision,
    row.2 as is_reversal,
    row.3 as entry_number,
    type as journal_type,
    extract(row.4, '^[^/]*') as account_code,
    substring(row.4, length(account_code) + 2) as account_id,
    row.5 as currency,
    row.6 as amount_minor,
    greatest(amount_minor, 0) as debit_minor,
    greatest(-amount_minor, 0) as credit_minor,
    row.7 as effective_at,
    now64(3, 'UTC') as recorded_at,
    source_table,
    source_id,
    {{ computed_row() }}
from rows
