{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__vendors')) }}
{{ quickbooks_parties(source('quickbooks', 'quickbooks_vendor')) }}
