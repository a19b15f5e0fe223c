{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__invoice_lines')) }}
with JSONExtract(payload, 'Tuple(
    lines Tuple(data Array(Tuple(
        {{ stripe_invoice_line_fields() }}
    )))
)') as object,
    arrayJoin((object).lines.data) as line
select
    workspace_id,
    connection_id,
    assumeNotNull((line).id) as id,
    stripe.id as invoice_id,
    {{ stripe_invoice_line_columns('(line)') }},
    'embedded' as origin,
    version,
    toUInt8(0) as is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('stripe', 'stripe_invoice') }} as stripe
where (line).id is not null
