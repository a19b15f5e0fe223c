-- Conserved: what invoices ask for. The amount due is what was paid, is still open, or was written off; a warning, since
-- a provider may take more than was due. Guards fct_invoices.
{{ config(severity='warn') }}
select workspace_id, connection_id, invoice_id, status,
    total_minor - paid_by_balance_minor - credited_before_payment_minor as due_minor, paid_minor, open_minor, written_off_minor
from {{ newest(ref('fct_invoices')) }}
where status in ('open', 'paid', 'uncollectible') and due_minor != paid_minor + open_minor + written_off_minor
