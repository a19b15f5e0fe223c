{{ config(materialized='view') }}
with books_of_connections as (
    select
        workspace_id,
        connection_id,
        max(base) as base_currency,
        arrayFlatten(groupArray(known)) as known_accounts
    from (
        select workspace_id, connection_id, ifNull(base_currency, '') as base, [] as known
        from {{ newest(ref('accounting_books')) }}
        union all
        select workspace_id, connection_id, '' as base, [(id, role, ifNull(currency, ''))] as known
        from (select * from {{ newest(ref('accounting_accounts')) }} order by id)
        -- Few, since every document carries them: QuickBooks' documents name their currency themselves.
        where role != '' or (provider = 'xero' and currency is not null)
    )
    group by workspace_id, connection_id
),

documents_with_currency as (
    select
        *,
        coalesce(
            currency,
            nullIf(arrayFirst(known -> known.1 = currency_account_id, known_accounts).3, ''),
            nullIf(base_currency, '')
        ) as iso_code
    from (select * from {{ newest(ref('accounting_documents')) }}) as documents
    left join books_of_connections using (workspace_id, connection_id)
),

documents_with_amounts as (
    select
        * except (known_accounts, base_currency),
        arrayMap(
            entry -> (entry).direction * (
                {{ decimal_minor('(entry).amount', "ifNull(iso_code, '')") }}
                - if((entry).deduction is null, 0, {{ decimal_minor('(entry).deduction', "ifNull(iso_code, '')") }})
            ), entries) as entry_amounts,
        arrayMap(
            entry -> coalesce(
                (entry).account_id,
                nullIf(arrayFirst(known -> known.2 = (entry).account_role and known.3 = ifNull(iso_code, ''), known_accounts).1, ''),
                nullIf(arrayFirst(known -> known.2 = (entry).account_role, known_accounts).1, '')
            ), entries) as account_ids
    from documents_with_currency
)

select
    *,
    arrayFilter(reason -> reason != '', [
        if(status = 'unknown', 'its kind or status is not known', ''),
        if(notEmpty(entries) and iso_code is null, 'currency is missing or unreadable', ''),
        if(
            iso_code is not null and arrayExists(amount -> amount is null, entry_amounts),
            'an amount is missing, unreadable or not whole in minor units', ''),
        if(
            not arrayExists(amount -> amount is null, entry_amounts)
                and arraySum(amount -> ifNull(amount, 0), entry_amounts) != 0,
            'debits and credits differ', '')
    ]) as reasons
from documents_with_amounts
