{{ config(materialized='view') }}
{%- set key = 'workspace_id, connection_id' %}
{#- Call budgets are ours to keep where a bank allows a few calls a day. -#}
{%- set budgeted = ['gocardless', 'enablebanking'] %}

with states as (
    select * from {{ newest(source('platform', 'connection')) }}
),

facts as (
    select {{ key }}, 'accounts' as kind, count() as facts, maxOrNull(landed_at) as newest_at
    from {{ newest(ref('accounts')) }} group by {{ key }}
    union all
    select {{ key }}, 'transactions', count(), maxOrNull(landed_at)
    from {{ newest(ref('transactions')) }} group by {{ key }}
    union all
    select {{ key }}, 'documents', count(), maxOrNull(landed_at)
    from {{ newest(ref('accounting_documents')) }} group by {{ key }}
),

held as (
    select {{ key }}, sumIf(facts, kind = 'accounts') as accounts, sumIf(facts, kind = 'transactions') as transactions,
        sumIf(facts, kind = 'documents') as documents, max(newest_at) as newest_row_at
    from facts
    group by {{ key }}
),

allowed as (
    select {{ key }}, maxOrNull(next_allowed_at) as next_allowed_at, minOrNull(next_planned_at) as next_planned_at
    from (
        {%- for provider in budgeted %}
        select {{ key }}, next_allowed_at, next_planned_at from {{ newest(ref('stg_' ~ provider ~ '__call_budgets')) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
    group by {{ key }}
)

select
    states.workspace_id as workspace_id,
    states.connection_id as connection_id,
    states.provider as provider,
    states.name as name,
    states.provider_account_id as provider_account_id,
    states.status as status,
    states.status_reason as status_reason,
    states.connected_at as connected_at,
    states.last_synced_at as last_synced_at,
    states.consent_expires_at as consent_expires_at,
    allowed.next_allowed_at as next_allowed_at,
    allowed.next_planned_at as next_planned_at,
    held.accounts as accounts,
    held.transactions as transactions,
    held.documents as documents,
    held.newest_row_at as newest_row_at,
    states.mirrored_at as mirrored_at
from states
left join held using ({{ key }})
left join allowed using ({{ key }})
