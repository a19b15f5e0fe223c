{# A typed select without rows, from the columns that the model's .yml declares: the one place of a
   streaming target's types. Nothing is selected until the feeds write. #}
{% macro empty_table() -%}
    select
    {%- for column in model.columns.values() %}
        defaultValueOfTypeName('{{ column.data_type | replace("'", "\\'") }}') as {{ column.name }}{{ "," if not loop.last }}
    {%- endfor %}
    where false
{%- endmacro %}
