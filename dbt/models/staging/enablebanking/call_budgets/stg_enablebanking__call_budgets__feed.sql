{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_enablebanking__call_budgets')) }}
{{ call_budgets(source('enablebanking', 'enablebanking_call_budget')) }}
