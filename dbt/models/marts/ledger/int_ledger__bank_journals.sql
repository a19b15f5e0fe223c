{{ journal_table() }}
{%- set key = 'workspace_id, connection_id, id' %}
{%- set account = 'workspace_id, connection_id, account_id' %}
{%- set banks = "('plaid', 'teller', 'gocardless', 'enablebanking')" %}
{%- set matched = "('matched', 'matched_late', 'matched_with_fee', 'matched_group', 'matched_converted')" %}

with changed_accounts as (
    select distinct workspace_id, connection_id, id as account_id
    from {{ source('reconciliation', 'dim_bank_account_sources') }}
    where {{ landed_since('reconciled_at') }}
),

changed_postings as (
    select distinct workspace_id, id from {{ source('reconciliation', 'workspace_ledger_postings') }}
    where {{ landed_since('reconciled_at') }}
),

{% call touched_keys('touched', key) %}
    select {{ key }} from {{ ref('transactions') }} where provider in {{ banks }} and {{ landed_since() }}
    {%- if is_incremental() %}
    {%- for table in ('fct_own_transfers', 'fct_deposit_reconciliation', 'fct_secondary_bank_lines') %}
    union all
    select {{ key }} from {{ source('reconciliation', table) }} where {{ landed_since('reconciled_at') }}
    {%- endfor %}
    union all
    -- Another account is the primary one now, or the account is known at last.
    select {{ key }} from {{ ref('transactions') }}
    where provider in {{ banks }} and ({{ account }}) in (select {{ account }} from changed_accounts)
    union all
    -- The workspace has put this kind of line on another account.
    select {{ key }} from {{ ref('transactions') }}
    where provider in {{ banks }} and workspace_id in (select workspace_id from changed_postings)
        and (workspace_id, concat('bank:', type, if(amount_minor < 0, '_out', '_in'))) in (select * from changed_postings)
    {%- endif %}
{% endcall %},

{% call touched_keys('touched_accounts', key) %}
    select workspace_id, connection_id, account_id as id from changed_accounts
{% endcall %},

-- With those that the bank took back, which have no entries any more.
lines as (
    select {{ key }}, account_id, type, amount_minor, currency, source_table, source_id, version as source_version,
        ifNull(booked_on, toDate(0)) as booked,
        status = 'succeeded' and booked_on is not null and is_deleted = 0 as is_posted
    from {{ newest_or_gone(ref('transactions'), key) }}
),

accounts as (
    select workspace_id, connection_id, id as account_id, is_primary,
        concat(multiIf(type = 'credit', '2600', type = 'loan', '2500', '1000'), '/', bank_account_id) as own
    from {{ newest(source('reconciliation', 'dim_bank_account_sources')) }}
),

counted_besides as (
    select {{ key }}, true as is_counted
    from {{ newest(source('reconciliation', 'fct_secondary_bank_lines')) }}
    where ({{ key }}) in (select {{ key }} from touched)
),

transfers as (
    select {{ key }}, kind
    from {{ newest(source('reconciliation', 'fct_own_transfers')) }}
    where ({{ key }}) in (select {{ key }} from touched)
),

deposits as (
    select {{ key }}, payouts,
        -- Of several deposits of one payout, the first carries what the bank kept of them all.
        (connection_id, id) = arrayMin(arrayMap(part -> (part.1, part.2), deposits)) as is_first,
        if(is_first, difference_minor, 0) as kept_minor
    from {{ newest(source('reconciliation', 'fct_deposit_reconciliation')) }}
    where ({{ key }}) in (select {{ key }} from touched) and bank_verdict in {{ matched }} and notEmpty(payouts)
),

payout_sums as (
    select {{ key }}, groupArray((code, minor)) as paid_out
    from (
        select parts.workspace_id as workspace_id, parts.connection_id as connection_id, parts.id as id,
            ifNull(payouts.currency, '')::String as code, sum(ifNull(payouts.amount_minor, 0)) as minor
        from (select {{ key }}, arrayJoin(payouts) as part from deposits) as parts
        inner join (
            select * from {{ newest(ref('payouts')) }}
            where ({{ key }}) in (
                select workspace_id, tupleElement(arrayJoin(payouts) as part, 1), tupleElement(part, 2) from deposits)
        ) as payouts
            on payouts.workspace_id = parts.workspace_id and payouts.connection_id = tupleElement(parts.part, 1)
            and payouts.id = tupleElement(parts.part, 2)
        group by workspace_id, connection_id, id, code
    )
    group by {{ key }}
),

told as (
    select lines.workspace_id as workspace_id, lines.connection_id as connection_id, lines.id as line_id,
        lines.type as line_type, lines.currency::String as code, lines.amount_minor as minor, booked,
        accounts.own as own, transfers.kind as kind, kept_minor, is_first, paid_out,
        lines.source_table::String as source_table, lines.source_id as source_id, lines.source_version as source_version,
        is_posted and own != '' and (accounts.is_primary or counted_besides.is_counted) as is_counted,
        concat(line_type, if(minor < 0, '_out', '_in')) as category,
        multiIf(
            kind in ('transfer', 'card_payment', 'loan_payment'), '1090', kind = 'conversion', '1190', kind = 'topup', '1040',
            postings.account_code != '', postings.account_code, mappings.account_code != '', mappings.account_code, minor < 0, '6000', '1180') as other_account
    from lines
    left join accounts using ({{ account }})
    left join counted_besides using ({{ key }})
    left join transfers using ({{ key }})
    left join deposits using ({{ key }})
    left join payout_sums using ({{ key }})
    left join (select * from {{ ref('ledger_mappings') }} where provider = 'bank') as mappings
        on mappings.category = concat(lines.type, if(lines.amount_minor < 0, '_out', '_in'))
    left join (select * from {{ newest(source('reconciliation', 'workspace_ledger_postings')) }}) as postings
        on postings.workspace_id = lines.workspace_id
        and postings.id = concat('bank:', lines.type, if(lines.amount_minor < 0, '_out', '_in'))
),

journals as (
    select workspace_id, connection_id, concat('bank:', line_id) as journal_id,
        concat('bank_', multiIf(notEmpty(paid_out), 'payout', kind != '', kind, line_type)) as type,
        toDateTime64(booked, 3, 'UTC') as effective_at,
        multiIf(
            not is_counted, [],
            empty(paid_out), [(own, code, minor), (other_account, code, -minor)],
            arrayAll(paid -> paid.1 = code, paid_out),
                [(own, code, minor), ('5020', code, kept_minor), ('1020', code, -minor - kept_minor)],
            -- Paid out in one currency and received in another: each keeps its own side.
            arrayConcat(
                [(own, code, minor), ('1190', code, -minor)],
                if(is_first, arrayFlatten(arrayMap(
                    paid -> [('1020', paid.1, -paid.2), ('1190', paid.1, paid.2)], paid_out)), []))
        ) as all_entries,
        source_table, source_id, source_version
    from told
    union all
    select workspace_id, connection_id, concat('bank_opening:', id) as journal_id, 'bank_opening' as type,
        subtractSeconds(toDateTime64(ifNull(opening_on, toDate32(0)), 3, 'UTC'), 1) as effective_at,
        if(opening_on is null or is_deleted = 1, [], [
            (concat(multiIf(sort = 'credit', '2600', sort = 'loan', '2500', '1000'), '/', bank_account_id), currency::String, opening_minor),
            ('3000', currency::String, -opening_minor)
        ]) as all_entries,
        opening_source_table as source_table, opening_source_id as source_id, opening_source_version as source_version
    from (
        select * except (type), type as sort
        from {{ newest_or_gone(source('reconciliation', 'dim_bank_account_sources'), key, 'touched_accounts', told_at='reconciled_at') }}
    )
)

select
    workspace_id,
    connection_id,
    journal_id,
    type,
    effective_at,
    arraySort(arrayFilter(entry -> entry.3 != 0, all_entries)) as entries,
    source_table,
    source_id,
    {{ computed_row() }}
from journals
