"""What do the merchant's banks say? Money that came from this payer, and what the accounts hold.

A line of a bank is a payer's where the other side's name is theirs, letter case aside. An account
that several connections show is one account: as reconciliation found, else by its IBAN.
"""

from recovery.flows.facts import FactKind
from recovery.known.fact import VALUES, KnownFact
from recovery.known.subjects import ASKED, PAYERS

# Newest first; deposits of before the moment that is asked about.
DEPOSITS = f"""{PAYERS},
deposits as (
    select p.n as n, p.currency as wanted, p.moment as moment, t.connection_id as connection_id,
        t.id as id, t.currency as currency, t.amount_minor as amount_minor,
        t.occurred_at as occurred_at
    from payers as p
    inner join (
        select connection_id, id, currency, amount_minor, occurred_at,
            lowerUTF8(trimBoth(ifNull(counterparty, ''))) as called
        from unified.transactions final
        where provider != 'stripe' and amount_minor > 0 and status = 'succeeded'
            and lowerUTF8(trimBoth(ifNull(counterparty, ''))) in (
                select called from payers where called != '')
    ) as t on t.called = p.called
    where t.occurred_at <= p.moment
)"""
# Each line is cut into every piece that is as long as some number, and the pieces are looked up: a
# join by equality, where comparing every number with every line would take their product.
_NAMING = f"""{PAYERS},
numbered as (
    select p.n as n, p.moment as moment, i.number as number, i.created_at as created_at
    from payers as p
    inner join (
        select connection_id, id, lower(ifNull(number, '')) as number, created_at
        from unified.invoices final
        where (connection_id, id) in (select connection_id, invoice_id from payers)
    ) as i on i.connection_id = p.connection_id and i.id = p.invoice_id
    where length(i.number) > 4
),
deposits as (
    select occurred_at, lower(concat(ifNull(description, ''), ' ', ifNull(reference, ''))) as said
    from unified.transactions final
    where provider != 'stripe' and amount_minor > 0 and status = 'succeeded'
),
named as (
    select t.occurred_at as occurred_at, arrayJoin(arrayMap(
        place -> substring(t.said, place, b.bytes),
        range(1, if(length(t.said) < b.bytes, 1, length(t.said) - b.bytes + 2)))) as number
    from (
        select occurred_at, said from deposits
        where occurred_at >= (select min(created_at) from numbered)
    ) as t
    cross join (select distinct length(number) as bytes from numbered) as b
    where number in (select number from numbered)
)
select x.n as n, {{values}}
from numbered as x
left join named as t on t.number = x.number
where (select count() from deposits) > 0
group by x.n
"""
_BALANCE = f"""{ASKED},
accounts as (
    select k.connection_id as connection_id, k.id as id,
        multiIf(s.bank_account_id != '', concat(s.bank_connection_id, '/', s.bank_account_id),
            k.iban != '', k.iban, concat(k.connection_id, '/', k.id)) as account
    from (
        select connection_id, id, ifNull(iban, '') as iban
        from unified.accounts final where type = 'depository'
    ) as k
    left join (
        select connection_id, id, bank_connection_id, bank_account_id
        from marts.dim_bank_account_sources final
    ) as s on s.connection_id = k.connection_id and s.id = k.id
),
reported as (
    select a.currency as currency, a.day as day, k.account as account,
        argMax(b.amount_minor, (b.reported_on, b.reported_at)) as amount_minor
    from (select distinct currency, toDate(moment, 'UTC') as day from asked) as a
    inner join (
        select connection_id, account_id, currency, amount_minor, reported_on, reported_at
        from unified.balances final where type = 'booked'
    ) as b on b.currency = a.currency
    inner join accounts as k on k.connection_id = b.connection_id and k.id = b.account_id
    where b.reported_on <= a.day
    group by a.currency, a.day, k.account
)
select x.n as n, {{values}}
from asked as x
inner join reported as r on r.currency = x.currency and r.day = toDate(x.moment, 'UTC')
group by x.n
"""

FACTS = (
    KnownFact(
        "bank.balance",
        FactKind("money", "What your bank accounts hold, booked"),
        _BALANCE,
        "sum(r.amount_minor)",
    ),
    KnownFact(
        "bank.last_deposit",
        FactKind("money", "The newest amount that they paid into a bank account"),
        f"{DEPOSITS}\nselect d.n as n, {VALUES} from deposits as d where d.currency = d.wanted"
        " group by d.n",
        "argMax(d.amount_minor, (d.occurred_at, d.id))",
    ),
    KnownFact(
        "bank.days_since_deposit",
        FactKind("integer", "Whole days since the newest of those"),
        f"{DEPOSITS}\nselect d.n as n, {VALUES} from deposits as d group by d.n",
        "dateDiff('second', max(d.occurred_at), any(d.moment)) div 86400",
    ),
    KnownFact(
        "bank.deposits",
        FactKind("integer", "How often they have paid into a bank account"),
        f"{DEPOSITS}\nselect p.n as n, {VALUES} from payers as p"
        " left join deposits as d on d.n = p.n group by p.n",
        "countIf(d.id != '')",
    ),
    KnownFact(
        "bank.names_invoice",
        FactKind("boolean", "A deposit that names the invoice's number has come since it was made"),
        _NAMING,
        "toBool(countIf(t.number != '' and t.occurred_at <= x.moment"
        " and t.occurred_at >= x.created_at) > 0)",
    ),
)
