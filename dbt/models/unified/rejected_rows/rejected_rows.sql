{{ config(materialized='view') }}
{#- One view per provider, each of the same columns. -#}
{% set providers = ['stripe', 'quickbooks', 'xero', 'plaid', 'teller', 'gocardless', 'enablebanking'] %}
{% for provider in providers -%}
select workspace_id, connection_id, source_table, source_id, version, extracted_at, reasons
from {{ ref('rejected_rows__' ~ provider) }}
{{ 'union all' if not loop.last }}
{% endfor %}
