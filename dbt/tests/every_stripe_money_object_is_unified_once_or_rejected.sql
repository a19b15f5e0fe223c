-- Conserved: the number of money movements. Each live Stripe object about money is one transaction, or is listed in
-- rejected_rows. Guards the feeds of unified.transactions: nothing is lost, nothing counts twice.
{{ config(meta={'dagster': {'ref': {'name': 'transactions'}}}) }}
{%- set objects = ['charge', 'refund', 'dispute', 'payout', 'transfer', 'transfer_reversal', 'application_fee', 'topup'] %}
with landed as (
{%- for object in objects %}
    select workspace_id, connection_id, id, 'raw.stripe_{{ object }}' as source_table
    from {{ newest(ref('stg_stripe__' ~ object ~ 's')) }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

accounted as (
    select workspace_id, connection_id, source_id as id, source_table from {{ newest(ref('transactions')) }}
    union distinct
    select workspace_id, connection_id, source_id, source_table from {{ ref('rejected_rows') }}
)

select * from landed
where (workspace_id, connection_id, id, source_table) not in (select * from accounted)
union all
select workspace_id, connection_id, id, source_table from {{ newest(ref('transactions')) }}
where source_table in ('raw.stripe_{{ objects | join("', 'raw.stripe_") }}')
    and (workspace_id, connection_id, id, source_table) not in (select * from landed)
