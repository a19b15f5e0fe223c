{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_gocardless__call_budgets')) }}
{{ call_budgets(source('gocardless', 'gocardless_call_budget')) }}
