{# The invoice that each of some payments is of, where one is. They are found by the projection `by_payment`, which FINAL does not
   read; then by the invoice, which is the sorting key. `payments` is a CTE. #}
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
