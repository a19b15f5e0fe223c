{# How a mart is added up by day although its rows are replaced. What a replaced row had counted for is gone with it, so it
   is written down: a table of changes holds what each key counts for, with 1, and with -1 what it counted for before. They
   are never rewritten, like the ledger's entries, and what a run has written of them is added to the days that stand. #}

{# The changes of a run: of each key that `relation` computed since, what it tells now less all that is counted of it. What
   tells the same as before is no change, so a run that is repeated, or looks at a row again, writes nothing. Each model
   says in `tells` by which columns, and how they are told. #}
{% macro changes_of(relation, key, tells) -%}
with {% call touched_keys('touched', key) %}
    select {{ key }} from {{ relation }} where {{ landed_since('computed_at') }}
{% endcall %},

told as (
    select {{ key }}, {% for name, sql in tells.items() %}{{ sql }} as {{ name }}, {% endfor %}toInt64(1) as times
    from {{ newest(relation) }}
    where ({{ key }}) in (select * from touched)
    {%- if is_incremental() %}
    union all
    select {{ key }}, {{ tells.keys() | join(', ') }}, -sign
    from {{ newest(this) }}
    where ({{ key }}) in (select * from touched)
    {%- endif %}
)

select {{ key }}, {{ tells.keys() | join(', ') }},
    sum(times) as sign,
    toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
    toUInt8(0) as is_deleted,
    {{ run_began_at() }} as computed_at
from told
group by {{ key }}, {{ tells.keys() | join(', ') }}
having sign != 0
{%- endmacro %}

{# The changes that were written since the last run: by their keys, too, as with FINAL the index of computed_at leaves
   nothing out. #}
{% macro changes_since(relation, key) -%}
    (
        select * from {{ newest(relation) }}
        {%- if is_incremental() %}
        where {{ landed_since('computed_at') }}
            and ({{ key }}) in (select {{ key }} from {{ relation }} where {{ landed_since('computed_at') }})
        {%- endif %}
    )
{%- endmacro %}

{# What runs have `written` (CTE: the cell's columns, written_at, the sums and the latest moments) since the last one, added
   to what stands of the `touched` days. A row knows the newest run that is in it, so that none is added twice; one whose
   parts have cancelled out stays, for the same reason. #}
{% macro added_to_days(cell, sums, latest=[], day='workspace_id, connection_id, day') -%}
{%- set columns = [cell, 'written_at'] + sums + latest -%}
{% if is_incremental() -%}
standing as materialized (
    select {{ columns | join(', ') }}
    from {{ newest(this) }}
    where ({{ day }}) in (select * from touched)
),

added as materialized (
    select written.*
    from written
    left join (select {{ cell }}, written_at as standing_at from standing) as known using ({{ cell }})
    where written.written_at > known.standing_at
),
{%- endif %}

parts as (
    {%- if is_incremental() %}
    select * from standing where ({{ cell }}) in (select {{ cell }} from added)
    union all
    select {{ columns | join(', ') }} from added
    {%- else %}
    select * from written
    {%- endif %}
)

select {{ cell }},
    {%- for sum in sums %}
    sum(parts.{{ sum }}) as {{ sum }},
    {%- endfor %}
    {%- for moment in latest + ['written_at'] %}
    max(parts.{{ moment }}) as {{ moment }},
    {%- endfor %}
    toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
    toUInt8(0) as is_deleted,
    {{ run_began_at() }} as computed_at
from parts
group by {{ cell }}
{%- endmacro %}
