{# What a run computed, and what stood there of the same before, as withdrawn where nothing takes its place. Each is read
   once: ClickHouse computes a CTE as often as it is named, so a row is not looked for among those computed.
   `stood` says which rows of the mart the run speaks of. #}
{% macro computed_or_withdrawn(computed, row, stood) -%}
    {%- if is_incremental() -%}
    {#- By name: a column that a release has added is the table's last, and not the model's. A unit test has no names. -#}
    {%- set columns = model.columns.keys() | join(', ') or '*' -%}
select * from (
    select {{ columns }} from {{ computed }}
    union all
    select {{ columns }} from (
        select * replace (
            toUInt64(toUnixTimestamp64Micro(now64(6))) as version, toUInt8(1) as is_deleted, {{ run_began_at() }} as computed_at)
        from {{ newest(this) }}
        where {{ stood }}
    )
)
order by is_deleted
limit 1 by {{ row }}
    {%- else -%}
select * from {{ computed }}
    {%- endif -%}
{%- endmacro %}
