{# How many calls a bank still allows, as our own connectors land it. #}
{% macro call_budgets(landed) -%}
with JSONExtract(payload, 'Tuple(
    account_id Nullable(String),
    scope Nullable(String),
    calls_per_day Nullable(UInt16),
    calls_made Nullable(UInt16),
    last_read_at Nullable(String),
    next_allowed_at Nullable(String),
    next_planned_at Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).account_id as account_id,
    (object).scope as scope,
    (object).calls_per_day as calls_per_day,
    (object).calls_made as calls_made,
    {{ iso_time('(object).last_read_at') }} as last_read_at,
    {{ iso_time('(object).next_allowed_at') }} as next_allowed_at,
    {{ iso_time('(object).next_planned_at') }} as next_planned_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ landed }}
{%- endmacro %}
