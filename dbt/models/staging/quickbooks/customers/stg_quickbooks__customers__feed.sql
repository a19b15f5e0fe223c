{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__customers')) }}
{{ quickbooks_parties(source('quickbooks', 'quickbooks_customer')) }}
