"""What has this customer paid, and what do they owe? From their processor's own objects."""

from recovery.flows.facts import FactKind
from recovery.known.fact import VALUES, KnownFact
from recovery.known.subjects import PAYERS

_TRIES = f"""{PAYERS}
select p.n as n, {{values}}
from payers as p
left join (
    select connection_id, customer_id, id, status, currency, amount_captured_minor, occurred_at
    from unified.payment_attempts final
    where (connection_id, customer_id) in (select connection_id, customer_id from payers)
) as t on t.connection_id = p.connection_id and t.customer_id = p.customer_id
group by p.n
"""
_PAID = "t.status = 'succeeded' and t.occurred_at <= p.moment"
_OPEN = f"""{PAYERS}
select p.n as n, {{values}}
from payers as p
left join (
    select connection_id, ifNull(customer_id, '') as customer_id, id, currency, finalized_at,
        ifNull(due_at, finalized_at) as due_at, amount_due_minor, amount_remaining_minor, status,
        least(ifNull(paid_at, never), ifNull(voided_at, never),
            ifNull(marked_uncollectible_at, never)) as closed_at,
        toDateTime64('2200-01-01', 3, 'UTC') as never
    from unified.invoices final
    where (connection_id, ifNull(customer_id, '')) in (
        select connection_id, customer_id from payers)
) as i on i.connection_id = p.connection_id and i.customer_id = p.customer_id
group by p.n
"""
_IS_OPEN = "i.finalized_at <= p.moment and i.closed_at > p.moment"
_DIM = f"""{PAYERS}
select p.n as n, {{values}}
from payers as p
inner join (
    select connection_id, customer_id, status, currency, mrr_minor, last_paid_at
    from marts.dim_customers final
    where (connection_id, customer_id) in (select connection_id, customer_id from payers)
) as d on d.connection_id = p.connection_id and d.customer_id = p.customer_id
"""
_STATUSES = (
    "past_due", "active", "trialing", "paused", "former", "one_off", "prospect", "deleted",
)  # fmt: skip


def _days_since(moment: str) -> str:
    return f"dateDiff('second', {moment}, any(p.moment)) div 86400"


FACTS = (
    KnownFact(
        "payer.lifetime_paid",
        FactKind("money", "Everything that was ever collected from them"),
        _TRIES,
        f"sumIf(ifNull(t.amount_captured_minor, 0), {_PAID} and t.currency = p.currency)",
    ),
    KnownFact(
        "payer.payments_made",
        FactKind("integer", "How often they have paid"),
        _TRIES,
        f"countIf({_PAID})",
    ),
    KnownFact(
        "payer.days_since_paid",
        FactKind("integer", "Whole days since they paid last"),
        _TRIES,
        _days_since(f"maxOrNullIf(t.occurred_at, {_PAID})"),
    ),
    KnownFact(
        "payer.failures_90_days",
        FactKind("integer", "Tries that failed in the last 90 days, of all their payments"),
        _TRIES,
        "countIf(t.status = 'failed' and t.occurred_at <= p.moment"
        " and t.occurred_at > p.moment - interval 90 day)",
    ),
    KnownFact(
        "payer.open_invoices",
        FactKind("integer", "How many invoices they have not paid yet"),
        _OPEN,
        f"countIf({_IS_OPEN})",
    ),
    KnownFact(
        "payer.open_amount",
        FactKind("money", "What they owe on those, the failed one included"),
        _OPEN,
        "sumIf(ifNull(if(i.status = 'open', i.amount_remaining_minor, i.amount_due_minor), 0),"
        f" {_IS_OPEN} and i.currency = p.currency)",
    ),
    KnownFact(
        "payer.days_overdue",
        FactKind("integer", "Days since the oldest of those was due"),
        _OPEN,
        _days_since(f"minOrNullIf(i.due_at, {_IS_OPEN})"),
    ),
    KnownFact(
        "payer.country",
        FactKind("text", "ISO 3166 code of their address, as last synced"),
        f"{PAYERS}\nselect n, {VALUES} from payers where country != ''",
        "country",
        is_dated=False,
    ),
    KnownFact(
        "payer.mrr",
        FactKind("money", "What they are worth a month"),
        f"{_DIM}where d.currency = p.currency\n",
        "d.mrr_minor",
        is_dated=False,
    ),
    KnownFact(
        "payer.status",
        FactKind("text", "What they are to you now", _STATUSES),
        _DIM,
        "d.status",
        is_dated=False,
    ),
)
