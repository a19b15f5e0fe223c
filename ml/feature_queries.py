"""What do features and labels come from? Every SQL that reads the warehouse for `ml/`, and only it.

The SQL is text here and run by Dagster's assets, so that one test can read all of it: each query
names the providers it may see (`PERMITTED`), of tables that carry a provider. Xero is not among
them, by its terms (`ml.lineage`); the frames are checked again as they enter.
"""

# Providers whose data may be learned from and scored. Xero's terms forbid it.
PERMITTED = ("stripe", "plaid", "gocardless", "teller", "enablebanking", "quickbooks")
_ONLY = "provider in ({})".format(", ".join(f"'{name}'" for name in PERMITTED))

# A transaction with its account and its fee; which, is asked by a condition on `t`.
_READ = f"""
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
        and WANTED
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
# Those that landed after a moment, or whose fees did, a part at a time. What landed is looked for
# without `final`, which the index of landings serves, and then read by its keys.
TRANSACTIONS = _READ.replace("WANTED", f"""({{since:Int64}} = 0
            or (connection_id, id) in (
                select connection_id, id from unified.transactions
                where workspace_id = {{workspace:String}} and {_ONLY}
                    and landed_at > fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')
                union all
                select connection_id, assumeNotNull(transaction_id)
                from unified.balance_transactions
                where workspace_id = {{workspace:String}} and {_ONLY}
                    and transaction_id is not null and fee_minor != 0
                    and landed_at > fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')
            ))
        and (connection_id, id) > ({{after_connection:String}}, {{after_id:String}})
    order by connection_id, id limit {{limit:UInt64}}""")  # fmt: skip
_DAY = "ifNull(booked_on, toDate(occurred_at))"
# Those of some days.
TRANSACTIONS_OF_DAYS = _READ.replace("WANTED", f"{_DAY} in {{days:Array(Date)}}")
_GIVEN = """
select given.1, given.2 from (
    select arrayJoin(arrayZip({connections:Array(String)}, {ids:Array(String)})) as given
)
"""
# What was found of a row at some time is kept until it is merged away: too many rows, never one
# too few.
_OF_NAMES = f"""
select connection_id, transaction_id from unified.enrichments
where workspace_id = {{workspace:String}} and facet = 'merchant'
    and value in {{names:Array(String)}}
union all
select connection_id, id from unified.transactions
where workspace_id = {{workspace:String}} and {_ONLY} and counterparty in {{names:Array(String)}}
union all {_GIVEN}
"""
# Those whose merchant or counterparty has one of some names, and some by their ids; what is found
# of them, each time that it was.
TRANSACTIONS_OF_NAMES = _READ.replace("WANTED", f"(connection_id, id) in ({_OF_NAMES})")
_FINDINGS = """
select connection_id, transaction_id, toString(facet) as facet, value, confidence, evidence,
    toString(model_version) as model_version, abstained, like_key, occurred_on, source_version,
    version, is_deleted
from unified.enrichments
where workspace_id = {workspace:String} and facet in {facets:Array(String)} and WANTED
"""
FINDINGS_OF_NAMES = _FINDINGS.replace("WANTED", f"(connection_id, transaction_id) in ({_OF_NAMES})")
FINDINGS_OF_DAYS = _FINDINGS.replace("WANTED", f"""(
        occurred_on in {{days:Array(Date)}} or (connection_id, transaction_id) in ({_GIVEN})
    )""")  # fmt: skip
_NAMES = f"""
select distinct name from (
    select assumeNotNull(value) as name from unified.enrichments
    where workspace_id = {{workspace:String}} and facet = 'merchant' and value is not null
        and (connection_id, transaction_id) in (KEYS)
    union all
    select assumeNotNull(counterparty) as name from unified.transactions
    where workspace_id = {{workspace:String}} and {_ONLY} and counterparty is not null
        and (connection_id, id) in (KEYS)
)
"""
# Whose names stand on some rows; on those of some amounts in some accounts and months; on those
# counted for the 1099-NEC of some years; on series not ended, and what was booked since a day.
NAMES_OF_ROWS = _NAMES.replace("KEYS", _GIVEN)
NAMES_OF_MONTHS = _NAMES.replace("KEYS", f"""
        select connection_id, id from unified.transactions
        where workspace_id = {{workspace:String}} and {_ONLY}
            and (connection_id, ifNull(account_id, ''), assumeNotNull(currency),
                toStartOfMonth({_DAY}),
                toInt64(roundDown(toUInt64(abs(amount_minor)), {{grid:Array(UInt64)}}))) in (
                select given.1, given.2, given.3, given.4, given.5 from (
                    select arrayJoin(arrayZip({{connections:Array(String)}},
                        {{accounts:Array(String)}}, {{currencies:Array(String)}},
                        {{months:Array(Date)}}, {{steps:Array(Int64)}})) as given
                )
            )
""")  # fmt: skip
NAMES_OF_COUNTED = _NAMES.replace("KEYS", """
        select connection_id, transaction_id from unified.enrichments
        where workspace_id = {workspace:String} and facet = 'worker_classification'
            and position(evidence, '1099-NEC 2') > 0
            and toYear(occurred_on) in {years:Array(UInt16)}
""")  # fmt: skip
NAMES_OF_DAYS = _NAMES.replace("KEYS", f"""
        select connection_id, transaction_id from unified.enrichments
        where workspace_id = {{workspace:String}} and facet = 'recurring'
            and not endsWith(evidence, '; ended.')
        union all
        select connection_id, id from unified.transactions
        where workspace_id = {{workspace:String}} and {_ONLY}
            and {_DAY} > {{after:Date}} and {_DAY} <= {{until:Date}}
""")  # fmt: skip

# What landed after a moment, removed rows as well, in its newest state.
LANDED = f"""
select connection_id, id, max(t.version) as version, argMax(t.is_deleted, t.version) as is_deleted,
    max(t.landed_at) as landed_at
from unified.transactions as t
where t.workspace_id = {{workspace:String}} and {_ONLY}
    and t.landed_at > fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')
group by connection_id, id order by connection_id, id
"""

# How often which amount was paid by month, as `ml.anomaly.levels.spent` counts it, own transfers
# left out; -1 stands for what is not spent, so that every account has a row.
SPENT = f"""
select connection_id, ifNull(account_id, '') as account_id, assumeNotNull(currency) as currency,
    toStartOfMonth({_DAY}) as month,
    if(amount_minor < 0 and (connection_id, id) not in (
        select connection_id, transaction_id from unified.enrichments
        where workspace_id = {{workspace:String}} and facet = 'transfer'
        group by connection_id, transaction_id
        having argMax(is_deleted = 0 and not abstained and value is not null, version)
    ), toInt64(roundDown(toUInt64(-amount_minor), {{grid:Array(UInt64)}})), -1) as low,
    toInt64(count()) as payments
from unified.transactions final
where workspace_id = {{workspace:String}} and {_ONLY} and provider != 'stripe'
    and ifNull(status, 'succeeded') = 'succeeded' and amount_minor != 0
    and currency is not null
group by connection_id, account_id, currency, month, low
"""
# Accounts as providers show them, and their lines, where these must tell whether two are one.
ACCOUNTS = f"""
select connection_id, id as account_id, type as account_type, mask as account_mask,
    iban as account_iban, holder_name as account_holder, institution_name as institution
from unified.accounts final
where workspace_id = {{workspace:String}} and {_ONLY}
order by connection_id, id
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
    "transactions_of_days": TRANSACTIONS_OF_DAYS,
    "transactions_of_names": TRANSACTIONS_OF_NAMES,
    "findings_of_names": FINDINGS_OF_NAMES,
    "findings_of_days": FINDINGS_OF_DAYS,
    "names_of_rows": NAMES_OF_ROWS,
    "names_of_months": NAMES_OF_MONTHS,
    "names_of_counted": NAMES_OF_COUNTED,
    "names_of_days": NAMES_OF_DAYS,
    "landed": LANDED,
    "spent": SPENT,
    "accounts": ACCOUNTS,
    "coded_purchases": CODED_PURCHASES,
    "progress": PROGRESS,
    "tries": TRIES,
}
