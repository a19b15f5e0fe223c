{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('subscriptions')) }}
-- depends_on: {{ ref('stg_stripe__subscriptions__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    customer_id,
    status,
    iso_code as currency,
    created_at,
    started_at,
    trial_started_at,
    trial_ends_at,
    period_started_at,
    period_ends_at,
    cancel_at,
    cancel_at_period_end,
    canceled_at,
    ended_at,
    cancellation_reason,
    cancellation_feedback,
    pause_behavior,
    coalesce(default_payment_method_id, default_source_id) as default_payment_method_id,
    latest_invoice_id,
    discount_ids,
    item_ids,
    has_more_items,
    'raw.stripe_subscription' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__subscriptions') }} as stripe
