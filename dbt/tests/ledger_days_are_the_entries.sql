{{ config(meta={'dagster': {'ref': {'name': 'fct_ledger_days'}}}) }}
-- Conserved: every entry, and its amount, in the tables that the ledger is read from. A difference is mended by
-- `dbt run --full-refresh --select fct_ledger_entries_by_time fct_ledger_days`.
{%- set account = 'workspace_id, connection_id, account_code, account_id, currency' %}
select {{ account }}, sum(entries) as entries_missing, sum(minor) as minor_missing, is_by_time
from (
    select {{ account }}, toInt64(count()) as entries, sum(amount_minor) as minor, place as is_by_time
    from {{ newest(ref('fct_ledger_entries')) }}
    array join [0, 1] as place
    group by {{ account }}, place
    union all
    select {{ account }}, -toInt64(sum(days.entries)), -sum(moved_minor), 0
    from (select * from {{ newest(ref('fct_ledger_days')) }}) as days
    group by {{ account }}
    union all
    select {{ account }}, -toInt64(count()), -sum(amount_minor), 1
    from {{ newest(ref('fct_ledger_entries_by_time')) }}
    group by {{ account }}
)
group by {{ account }}, is_by_time
having entries_missing != 0 or minor_missing != 0
