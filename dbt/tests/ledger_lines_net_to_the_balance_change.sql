-- Conserved: each ledger line's money. Net is gross less fees, exactly. Guards unified.balance_transactions.
{{ config(severity='warn') }}
select workspace_id, connection_id, id, amount_minor, fee_minor, net_minor
from {{ newest(ref('balance_transactions')) }}
where net_minor != amount_minor - fee_minor
