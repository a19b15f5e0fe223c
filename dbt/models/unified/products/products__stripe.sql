{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('products')) }}
-- depends_on: {{ ref('stg_stripe__products__feed') }}
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    name,
    description,
    active,
    unit_label,
    created_at,
    'raw.stripe_product' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__products') }} as stripe
