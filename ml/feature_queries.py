"""What do features and labels come from? Every SQL that reads the warehouse for `ml/`, and only it.

The SQL is text here and run by Dagster's assets, so that one test can read all of it: each query
names the providers it may see (`PERMITTED`), of tables that carry a provider. Xero is not among
them, by its terms (`ml.lineage`); the frames are checked again as they enter.
"""

# Providers whose data may be learned from and scored. Xero's terms forbid it.
PERMITTED = ("stripe", "plaid", "gocardless", "teller", "enablebanking", "quickbooks")
_ONLY = "provider in ({})".format(", ".join(f"'{name}'" for name in PERMITTED))

TRANSACTIONS = f"""
select t.provider as provider, t.connection_id as connection_id, t.id as id,
    t.account_id as account_id, t.type as type, t.status as status,
    t.amount_minor as amount_minor, t.currency as currency,
    t.original_amount_minor as original_amount_minor, t.original_currency as original_currency,
    coalesce(nullIf(t.description, ''), t.counterparty) as merchant, t.counterparty as counterparty,
    t.counterparty_account as counterparty_account, t.reference as reference,
    t.merchant_category_code as merchant_category_code, t.provider_category as provider_category,
    t.payment_method_type as payment_method_type, t.failure_code as failure_code,
    t.decline_code as decline_code, t.customer_id as customer_id, t.parent_id as parent_id,
    t.occurred_at as occurred_at, t.booked_on as booked_on,
    a.type as account_type, a.subtype as account_subtype, a.mask as account_mask,
    a.iban as account_iban, a.holder_name as account_holder, a.institution_name as institution,
    f.deducted_minor as fee_minor, f.deducted_currency as fee_currency,
    greatest(t.version, ifNull(f.fee_version, 0)) as source_version, t.landed_at as landed_at
from (
    select * from unified.transactions final
    where workspace_id = {{workspace:String}} and {_ONLY}
        and (landed_at > fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')
            or (connection_id, id) in (
                select connection_id, assumeNotNull(transaction_id)
                from unified.balance_transactions
                where workspace_id = {{workspace:String}} and {_ONLY}
                    and transaction_id is not null and fee_minor != 0
                    and landed_at > fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')
            ))
        and (connection_id, id) > ({{after_connection:String}}, {{after_id:String}})
    order by connection_id, id limit {{limit:UInt64}}
) as t
left join (
    select * from unified.accounts final
    where workspace_id = {{workspace:String}} and {_ONLY}
) as a on a.connection_id = t.connection_id and a.id = t.account_id
left join (
    select connection_id, assumeNotNull(transaction_id) as transaction_id,
        toNullable(sum(ifNull(fee_minor, 0))) as deducted_minor,
        toNullable(any(currency)) as deducted_currency, max(version) as fee_version
    from unified.balance_transactions final
    where workspace_id = {{workspace:String}} and {_ONLY}
        and transaction_id is not null and fee_minor != 0
    group by connection_id, transaction_id
    having uniqExact(currency) = 1
) as f on f.connection_id = t.connection_id and f.transaction_id = t.id
order by t.connection_id, t.id
"""

# A bookkeeper's own choice: the lines of purchases and bills. `amount_minor` is money out.
CODED_PURCHASES = f"""
select e.provider as provider, e.contact_name as merchant, -e.debit_minor as amount_minor,
    e.currency as currency, e.issued_on as booked_on, a.name as account
from (
    select * from unified.accounting_entries
    where workspace_id = {{workspace:String}} and {_ONLY}
        and document_type in ('purchase', 'bill', 'receipt') and account_role = 'line'
        and debit_minor > 0 and contact_name is not null
) as e
inner join (
    select * from unified.accounting_accounts final
    where workspace_id = {{workspace:String}} and {_ONLY}
) as a on a.connection_id = e.connection_id and a.id = e.account_id
where a.name is not null
order by e.issued_on, e.document_id, e.entry_number
"""

# Retries of the same method after a refusal, as the recovery marts have them: what came of each.
TRIES = f"""
select a.provider as provider, a.previous_decline_code as decline_code,
    toInt64(a.attempt_number) as attempt_number, a.amount_minor as amount_minor,
    a.currency as currency, a.country as country, c.created_at as customer_since,
    a.attempted_at as attempted_at, a.outcome = 'succeeded' as is_paid
from (
    select * from marts.fct_recovery_attempts final
    where workspace_id = {{workspace:String}} and {_ONLY}
        and is_retry and is_same_method and previous_decline_code != ''
        and outcome in ('succeeded', 'failed') and currency != ''
) as a
left join (
    select connection_id, id, created_at from unified.customers final
    where workspace_id = {{workspace:String}} and {_ONLY}
) as c on c.connection_id = a.connection_id and c.id = a.customer_id
order by a.attempted_at, a.attempt_id
"""

# How far each workspace's rows have come, and what providers say of their fees, which comes later;
# a removed row counts as a change.
PROGRESS = f"""
select workspace_id, newest_at from (
    select workspace_id, toUnixTimestamp64Milli(max(landed_at)) as newest_at from (
        select workspace_id, landed_at from unified.transactions where {_ONLY}
        union all
        select workspace_id, landed_at from unified.balance_transactions where {_ONLY}
    ) group by workspace_id
) order by workspace_id
"""

# Free texts (names, purposes) have no stable population: only facets of few values are compared.
DRIFT = """
select toString(facet) as facet, assumeNotNull(value) as value, is_recent,
    count() as findings, sum(confidence) as confidence, countIf(abstained) as abstained
from (
    select facet, value, confidence, abstained,
        occurred_on > addDays({today:Date}, -30) as is_recent
    from unified.enrichments final
    where occurred_on > addDays({today:Date}, -210) and occurred_on <= {today:Date}
) as findings
where facet in (
    select facet from unified.enrichments final group by facet having uniqExact(value) <= 200
)
group by facet, value, is_recent
"""

QUERIES = {
    "transactions": TRANSACTIONS,
    "coded_purchases": CODED_PURCHASES,
    "progress": PROGRESS,
    "tries": TRIES,
}
