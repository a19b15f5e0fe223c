-- Conserved: the meaning of a sign. Money into the account is positive, out of it negative, for every type that has a
-- direction; types and statuses are the documented words. Guards unified.transactions.
select workspace_id, connection_id, id, type, status, amount_minor, currency
from {{ newest(ref('transactions')) }}
where status not in ('succeeded', 'pending', 'authorized', 'failed', 'canceled', 'reversed')
    or multiIf(
        type in ('charge', 'topup', 'application_fee', 'transfer_reversal'), amount_minor < 0,
        type in ('dispute', 'application_fee_refund') or (type in ('refund', 'transfer') and provider = 'stripe'), amount_minor > 0,
        -- At a bank, a refund comes in and a transfer goes either way.
        type = 'refund', amount_minor < 0,
        -- A payout may pull money back from the bank; fees, adjustments and lines of a bank go both ways.
        type in ('payout', 'fee', 'adjustment', 'payment', 'transfer', 'direct_debit', 'card_payment', 'cash', 'cheque', 'interest'), false,
        true)
    or not match(currency, '^[A-Z]{3}$')
