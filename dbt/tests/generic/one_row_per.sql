{# A mart's grain: no two newest rows share the key. #}
{% test one_row_per(model, key) %}
select {{ key | join(', ') }}, count() as rows_of_key
from {{ newest(model) }}
group by {{ key | join(', ') }}
having rows_of_key > 1
{% endtest %}
