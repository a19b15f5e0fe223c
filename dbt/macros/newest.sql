{# A replacing table's newest rows. Unit tests put a subquery in its place, which FINAL does not take. #}
{% macro newest(relation) -%}
    {{ relation }}{{ '' if '__dbt__cte__' in relation | string else ' final' }}
{%- endmacro %}
