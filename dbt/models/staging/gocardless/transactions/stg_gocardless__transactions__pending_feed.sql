{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_gocardless__transactions')) }}
{{ gocardless_lines(source('gocardless', 'gocardless_pending_transaction'), is_pending='true') }}
