-- Conserved: each failed payment's story. Recovered exactly when collected, lost at a time and not before it failed,
-- failures never exceed attempts, and what failed did so in order. Guards fct_failed_payments.
select workspace_id, connection_id, payment_id, status
from {{ newest(ref('fct_failed_payments')) }}
where (status = 'recovered') != (recovered_at is not null)
    or (status = 'lost') != (lost_at is not null) or lost_at < first_failed_at
    or status not in ('open', 'recovered', 'lost')
    or attempts_failed > attempts_made or attempts_failed = 0
    or last_failed_at < first_failed_at
