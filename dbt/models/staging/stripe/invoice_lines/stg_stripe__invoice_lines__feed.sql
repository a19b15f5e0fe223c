{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__invoice_lines')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    invoice Nullable(String),
    {{ stripe_invoice_line_fields() }}
)') as object
select
    workspace_id,
    connection_id,
    id,
    ifNull({{ object_id('(object).invoice') }}, '') as invoice_id,
    {{ stripe_invoice_line_columns('(object)') }},
    'listed' as origin,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_line_item') }}
