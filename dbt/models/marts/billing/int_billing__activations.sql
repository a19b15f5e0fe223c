{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'subscription_id'],
    settings=granules(),
) }}
-- dbt parses the first run only, which reads fewer models than the later ones:
-- depends_on: {{ ref('subscription_terms') }} {{ ref('invoices') }} {{ ref('invoice_payments') }} {{ ref('payment_attempts') }}
{%- set key = 'workspace_id, connection_id, subscription_id' %}

with {% call touched_keys('touched', key) %}
    select workspace_id, connection_id, id as subscription_id from {{ ref('subscriptions') }} where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    select {{ key }} from {{ ref('subscription_terms') }} where kind = 'first_payment' and {{ landed_since() }}
    union all
    -- A new attempt may be the one that activates a subscription, or a link that says of which invoice it was.
    select workspace_id, connection_id, assumeNotNull(subscription_id) from {{ ref('invoices') }}
    where subscription_id is not null and billing_reason = 'subscription_create' and (workspace_id, connection_id, id) in (
        select workspace_id, connection_id, invoice_id from {{ ref('invoice_payments') }} where {{ landed_since() }}
        union all
        select workspace_id, connection_id, invoice_id from {{ ref('invoice_payments') }}
        where (workspace_id, connection_id, payment_id) in (
            select workspace_id, connection_id, payment_id from {{ ref('payment_attempts') }} where {{ landed_since() }}))
    {%- endif %}
{% endcall %},

agreements as materialized (
    select *, id as subscription_id
    -- With those that are no more, which take their row along.
    from {{ newest_or_gone(ref('subscriptions'), 'workspace_id, connection_id, id') }}
),

-- The invoices that a subscription waits for. One that is sent to be paid later keeps none waiting: Stripe holds such a
-- subscription active from its creation, and `incomplete` is of those that are charged automatically.
first_invoices as materialized (
    select {{ key }}, id as invoice_id, paid_at from {{ newest(ref('subscription_terms')) }}
    where kind = 'first_payment' and amount_minor > 0 and ({{ key }}) in (select {{ key }} from touched)
        and (workspace_id, connection_id, id) not in (
            select workspace_id, connection_id, id from {{ newest(ref('invoices')) }}
            where collection_method = 'send_invoice' and (workspace_id, connection_id, id) in (
                select workspace_id, connection_id, id from {{ ref('subscription_terms') }}
                where kind = 'first_payment' and ({{ key }}) in (select {{ key }} from touched)))
),

attempts as (
    select links.workspace_id as workspace_id, links.connection_id as connection_id, links.invoice_id as invoice_id,
        min(attempt.occurred_at)::Nullable(DateTime64(3, 'UTC')) as attempted_at
    from (
        select * from {{ newest(ref('invoice_payments')) }}
        where (workspace_id, connection_id, invoice_id) in (select workspace_id, connection_id, invoice_id from first_invoices)
    ) as links
    inner join (
        select * from {{ newest(ref('payment_attempts')) }}
        where (workspace_id, connection_id, customer_id) in (
                select workspace_id, connection_id, ifNull(customer_id, '') from agreements)
            -- A bank debit activates while it is under way, whatever becomes of it.
            and (status != 'failed' or payment_method_type not in ('card', 'link'))
    ) as attempt
        on links.workspace_id = attempt.workspace_id and links.connection_id = attempt.connection_id and links.payment_id = attempt.payment_id
    group by workspace_id, connection_id, invoice_id
),

first_payments as (
    select {{ key }}, min(attempts.attempted_at) as attempted_at, min(first_invoices.paid_at) as paid_at
    from first_invoices
    left join attempts using (workspace_id, connection_id, invoice_id)
    group by {{ key }}
)

select
    a.workspace_id as workspace_id,
    a.connection_id as connection_id,
    a.subscription_id as subscription_id,
    if(a.status in ('incomplete', 'incomplete_expired'), null,
        coalesce(first_payments.attempted_at, first_payments.paid_at, a.created_at, toDateTime64(0, 3, 'UTC'))) as activated_at,
    toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
    toUInt8(a.is_deleted) as is_deleted,
    {{ run_began_at() }} as computed_at
from agreements as a
left join first_payments using ({{ key }})
