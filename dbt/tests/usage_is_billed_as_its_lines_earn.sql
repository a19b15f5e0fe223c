-- Conserved: what usage was charged is what its lines earn. Guards fct_usage against fct_revenue_lines.
{{ config(meta={'dagster': {'ref': {'name': 'fct_usage'}}}) }}
select workspace_id, connection_id, invoice_line_id, used.billed_minor as billed_minor, lines.net_minor as earned_minor
from (select * from {{ newest(ref('fct_usage')) }}) as used
left join (
    select workspace_id, connection_id, line_id as invoice_line_id, net_minor from {{ newest(ref('fct_revenue_lines')) }}
    where (workspace_id, connection_id, line_id) in (
        select workspace_id, connection_id, invoice_line_id from {{ ref('fct_usage') }})
) as lines using (workspace_id, connection_id, invoice_line_id)
where invoice_line_id != '' and ifNull(used.billed_minor, 0) != lines.net_minor
