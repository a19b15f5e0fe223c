-- Conserved: the number of lines at the banks. Each live line of Plaid, Teller, GoCardless and Enable Banking is one
-- transaction, or is listed in rejected_rows. Guards the feeds of unified.transactions: nothing is lost, nothing counts
-- twice; a pending line and the posted one that follows it are told apart by the providers' own readers.
{{ config(meta={'dagster': {'ref': {'name': 'transactions'}}}) }}
{%- set feeds = {
    'plaid_transaction': ('stg_plaid__transactions', 'id', 'true'),
    'teller_transaction': ('stg_teller__transactions', 'id', 'true'),
    'gocardless_transaction': ('stg_gocardless__transactions', 'raw_id', 'not is_pending'),
    'gocardless_pending_transaction': ('stg_gocardless__transactions', 'raw_id', 'is_pending'),
    'enablebanking_transaction': ('stg_enablebanking__transactions', 'id', 'true'),
} %}
with landed as (
{%- for table, (staging, id, condition) in feeds.items() %}
    select workspace_id, connection_id, {{ id }} as id, 'raw.{{ table }}' as source_table
    from (select * from {{ newest(ref(staging)) }}) where {{ condition }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

unified as (
    select workspace_id, connection_id, source_id as id, source_table
    from (select * from {{ newest(ref('transactions')) }})
    where source_table in ('raw.{{ feeds.keys() | join("', 'raw.") }}')
),

rejected as (
    select workspace_id, connection_id, source_id, source_table from {{ ref('rejected_rows') }}
)

select *, 'landed and nowhere to be found' as broken from landed
where (workspace_id, connection_id, id, source_table) not in (select * from unified)
    and (workspace_id, connection_id, id, source_table) not in (select * from rejected)
union all
select *, 'unified and not landed' from unified
where (workspace_id, connection_id, id, source_table) not in (select * from landed)
union all
select workspace_id, connection_id, id, source_table, 'unified twice' from unified
group by workspace_id, connection_id, id, source_table
having count() > 1
