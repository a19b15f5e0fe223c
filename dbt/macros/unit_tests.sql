{# A unit test has its fixtures' text wherever a model is named, and ClickHouse plans each anew: four tests of marts took longer
   than all others together. Here fixtures stand in tables, keys are found first, and a CTE that is `as materialized` is
   computed once, as in a run. #}
{% materialization unit, adapter='clickhouse' -%}
    {%- set tested = keys_in_tables(fixtures_in_tables(sql)).sql -%}
    {%- set types = {} -%}
    {%- set quoted = {} -%}
    {%- for column in adapter.get_column_schema_from_query(get_empty_subquery_sql(tested)) -%}
        {%- do types.update({column.name | lower: column.data_type}) -%}
        {%- do quoted.update({column.name | lower: column.quoted}) -%}
    {%- endfor -%}
    {%- set rows = config.get('expected_rows') -%}
    {%- set names = [] -%}
    {%- for name in (rows[0] if rows else quoted) -%}
        {%- do names.append(quoted[name | lower]) -%}
    {%- endfor -%}
    {%- set expected = config.get('expected_sql') or get_expected_sql(rows, types, quoted) -%}
    {%- call statement('main', fetch_result=True) -%}
        {{ get_unit_test_sql(tested, expected, names) }}
        settings {{ run_settings() }}
    {%- endcall -%}
    {{ return({'relations': []}) }}
{%- endmaterialization %}

{# As dbt writes them: `__dbt__cte__<model> as (`, a comment that names the fixture, the rows, `)`. #}
{% macro fixtures_in_tables(sql) -%}
    {%- set run = namespace(sql=sql) -%}
    {%- set fixtures = modules.re.findall('__dbt__cte__\w+ as \((\s+-- Fixture for .+?)\n\)(?=,? )', sql, modules.re.DOTALL) -%}
    {%- if fixtures | length != sql.count('-- Fixture for ') -%}
        {{ exceptions.raise_compiler_error('dbt writes fixtures otherwise than macros/unit_tests.sql reads them') }}
    {%- endif -%}
    {%- for fixture in fixtures -%}
        {%- set table = helper_table('fixture' ~ loop.index) -%}
        {%- do create_helper_table(table, 'tuple()', fixture) -%}
        {%- set run.sql = run.sql.replace(fixture, ' select * from ' ~ table) -%}
    {%- endfor -%}
    {{ return(run.sql) }}
{%- endmacro %}
