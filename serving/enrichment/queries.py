"""What does the enrichment ask of the engines? Transactions by id, stored findings, corrections."""

from core.warehouse import TenantQuery

# As ml.feature_queries.TRANSACTIONS, for one workspace's ids.
BY_ID = TenantQuery(
    """
    select t.provider as provider, t.connection_id as connection_id, t.id as id,
        t.account_id as account_id, t.type as type, t.status as status,
        t.amount_minor as amount_minor, t.currency as currency,
        t.original_amount_minor as original_amount_minor,
        t.original_currency as original_currency,
        coalesce(nullIf(t.description, ''), t.counterparty) as merchant,
        t.counterparty as counterparty, t.counterparty_account as counterparty_account,
        t.reference as reference, t.merchant_category_code as merchant_category_code,
        t.provider_category as provider_category, t.payment_method_type as payment_method_type,
        t.failure_code as failure_code, t.decline_code as decline_code,
        t.customer_id as customer_id, t.parent_id as parent_id, t.occurred_at as occurred_at,
        t.booked_on as booked_on, a.type as account_type, a.subtype as account_subtype,
        a.mask as account_mask, a.iban as account_iban, a.holder_name as account_holder,
        a.institution_name as institution,
        f.deducted_minor as fee_minor, f.deducted_currency as fee_currency
    from (
        select * from unified.transactions final
        where id in {ids:Array(String)} and provider in {providers:Array(String)}
    ) as t
    left join (
        select * from unified.accounts final where provider in {providers:Array(String)}
    ) as a on a.connection_id = t.connection_id and a.id = t.account_id
    left join (
        select connection_id, assumeNotNull(transaction_id) as transaction_id,
            toNullable(sum(ifNull(fee_minor, 0))) as deducted_minor,
            toNullable(any(currency)) as deducted_currency
        from unified.balance_transactions final
        where transaction_id in {ids:Array(String)} and provider in {providers:Array(String)}
            and fee_minor != 0
        group by connection_id, transaction_id
        having uniqExact(currency) = 1
    ) as f on f.connection_id = t.connection_id and f.transaction_id = t.id
    order by connection_id, id
    """
)
STORED = TenantQuery(
    """
    select connection_id, transaction_id, facet, value, confidence, evidence, model_version,
        toBool(abstained) as abstained, like_key
    from unified.enrichments final
    where transaction_id in {ids:Array(String)} and facet in {facets:Array(String)}
    """
)
CORRECTIONS = """
select facet, like_key, value, (said_at at time zone 'UTC')::date as said_on
from enrichment_feedback where review <> 'refused' order by said_at, id
"""
INSERT = """
insert into enrichment_feedback
    (workspace_id, id, facet, like_key, connection_id, transaction_id, merchant, amount_minor,
     value_before, value, said_by, said_at)
values (%(workspace_id)s, %(id)s, %(facet)s, %(like_key)s, %(connection_id)s, %(transaction_id)s,
    %(merchant)s, %(amount_minor)s, %(value_before)s, %(value)s, %(said_by)s, %(now)s)
returning id, facet, value, value_before, merchant, review, said_at,
    case when amount_minor < 0 then 'out' else 'in' end as direction
"""
