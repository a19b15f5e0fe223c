{# A replacing table's newest rows. Unit tests put a subquery in its place, which FINAL does not take. #}
{% macro newest(relation) -%}
    {{ relation }}{{ '' if '__dbt__cte__' in relation | string else ' final' }}
{%- endmacro %}

{# The newest row of each touched key, its tombstone where it is no more: FINAL leaves that out, and what was computed of it
   has yet to be withdrawn. `touched` holds the columns of `by`, which are the key's unless it says otherwise. While a full
   refresh catches up, a row stands there of one version as the old rules told it and the new: the later one counts. #}
{% macro newest_or_gone(relation, key, touched='touched', by=none, told_at='landed_at') -%}
    (
        select * from {{ relation }}
        where ({{ by or key }}) in (select * from {{ touched }})
        order by version desc, {{ told_at }} desc
        limit 1 by {{ key }}
    )
{%- endmacro %}

{# All attempts of some payments, whoever made them: attempts lie by customer, and a guest's has two keys once the customer is
   named. They are found by the projection `by_payment`, which FINAL does not read. `payments` is a CTE, or a CTE and a condition. #}
{% macro attempts_of_payments(payments) -%}
{%- set payment = 'workspace_id, connection_id, payment_id' -%}
{%- set by = 'workspace_id, connection_id, customer_id, payment_id' -%}
    {{ newest_or_gone(ref('payment_attempts'), 'workspace_id, connection_id, id', by=by, touched='(
        select ' ~ by ~ ' from ' ~ ref('payment_attempts') ~ ' where (' ~ payment ~ ') in (select ' ~ payment ~ ' from ' ~ payments ~ '))') }}
{%- endmacro %}

{# The invoice that each of some payments is of, where one is. They are found by the projection `by_payment`, which FINAL does not
   read; then by the invoice, which is the sorting key. `payments` is a CTE of touched keys. #}
{% macro invoices_of_payments(payments) -%}
{%- set payment = 'workspace_id, connection_id, payment_id' -%}
    select {{ payment }}, any(invoice_id) as linked_invoice_id
    from {{ newest(ref('invoice_payments')) }}
    where ({{ payment }}) in (select {{ payment }} from {{ payments }})
        and (workspace_id, connection_id, invoice_id) in (
            select workspace_id, connection_id, invoice_id from {{ ref('invoice_payments') }}
            where ({{ payment }}) in (select {{ payment }} from {{ payments }}))
    group by {{ payment }}
{%- endmacro %}
