{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'customer_id', 'subscription_id', 'changed_on'],
    settings=granules(),
    indexes=[{'name': 'subscription', 'definition': 'subscription_id type bloom_filter(0.0001) granularity 4'}],
) }}
-- dbt parses the first run only, which reads fewer models than the later ones:
-- depends_on: {{ ref('int_billing__activations') }} {{ ref('discounts') }}
-- depends_on: {{ ref('subscription_states') }} {{ ref('prices') }} {{ ref('coupons') }}
{%- set never = "toDateTime64('2100-01-01', 3, 'UTC')" %}
{%- set key = 'workspace_id, connection_id, subscription_id' %}
{%- set whole = "toInt256('1000000000000000000000000')" %}

with {% call touched_keys('touched_subscriptions', key) %}
    select workspace_id, connection_id, id as subscription_id
    from {{ ref('subscriptions') }}
    {%- if is_incremental() %}
    where {{ landed_since() }}
    {%- for input in ['subscription_terms', 'subscription_states', 'discounts'] %}
    union all
    select {{ key }}
    from {{ ref(input) }}
    where {{ landed_since() }}
    {%- endfor %}
    union all
    -- Of the connections with such a price first: of the others, nothing is read.
    select {{ key }}
    from {{ ref('subscription_terms') }}
    where (workspace_id, connection_id) in (select workspace_id, connection_id from {{ ref('prices') }} where {{ landed_since() }})
        and (workspace_id, connection_id, price_id) in (
            select workspace_id, connection_id, id::Nullable(String)
            from {{ ref('prices') }}
            where {{ landed_since() }})
    union all
    -- A coupon may land after the discount that gives it, which alone names the subscription.
    select {{ key }}
    from {{ ref('discounts') }}
    where (workspace_id, connection_id, coupon_id) in (
        select workspace_id, connection_id, id::Nullable(String)
        from {{ ref('coupons') }}
        where {{ landed_since() }})
    union all
    -- What pays a subscription's first invoice may land after it.
    select {{ key }} from {{ ref('int_billing__activations') }} where {{ landed_since('computed_at') }}
    union all
    -- Time alone ends a trial or a discount, and lets one begin: days of them have come since the last run.
    select workspace_id, connection_id, id from {{ ref('subscriptions') }}
    where toDate(trial_ends_at) > toDate({{ last_run_at() }}) and toDate(trial_ends_at) <= toDate({{ run_began_at() }})
    union all
    select {{ key }} from {{ ref('discounts') }}
    left join (
        select workspace_id, connection_id, id::Nullable(String) as coupon_id, duration_in_months as months
        from {{ ref('coupons') }} where duration = 'repeating'
    ) as coupon using (workspace_id, connection_id, coupon_id)
    where arrayExists(
        day -> day > toDate({{ last_run_at() }}) and day <= toDate({{ run_began_at() }}),
        arrayMap(at -> ifNull(toDate(at), toDate(0)), [starts_at, ends_at, addMonths(starts_at, months)]))
    {%- endif %}
{% endcall %},

agreements as materialized (
    select * from {{ newest(ref('subscriptions')) }}
    where (workspace_id, connection_id, id) in (select {{ key }} from touched_subscriptions)
),

terms as materialized (
    select * from {{ newest(ref('subscription_terms')) }}
    where ({{ key }}) in (select {{ key }} from touched_subscriptions)
),

states as materialized (
    select * from {{ newest(ref('subscription_states')) }}
    where ({{ key }}) in (select {{ key }} from touched_subscriptions)
),

-- What documents say: a price with its quantity from a moment on; 0 where it was credited back.
documented as (
    select {{ key }}, assumeNotNull(price_id) as price_id, starts_at as at, 1 as rank,
        greatest(sumIf(ifNull(quantity, 1), kind = 'period'), maxIf(ifNull(quantity, 1), kind = 'added')) as quantity,
        sumIf(amount_minor, kind = 'period') as billed_minor,
        max(dateDiff('day', starts_at, assumeNotNull(ends_at))) as billed_days
    from terms
    where kind != 'first_payment' and price_id is not null
    group by {{ key }}, price_id, at
),

-- Each time that a price was billed, and when it was billed anew.
billings as materialized (
    select *, leadInFrame(billed_at, 1, {{ never }}) over (
        partition by {{ key }}, price_id order by billed_at rows between current row and 1 following) as billed_again_at
    from (
        select {{ key }}, assumeNotNull(price_id) as price_id, starts_at as billed_at, max(ends_at) as ends_at,
            max(ifNull(amount_minor, 1)) = 0 as is_free,
            sumIf(ifNull(amount_minor, 0) - ifNull(discount_minor, 0), inclusive_tax_minor is not null) as charged_minor,
            sum(ifNull(inclusive_tax_minor, 0)) as tax_within_minor
        from terms
        where kind in ('period', 'added') and price_id is not null
        group by {{ key }}, price_id, billed_at
    )
),

-- A price that a later period no longer bills ended with its own period; not where it was billed anew before that.
run_out as (
    select billings.workspace_id, billings.connection_id, billings.subscription_id, billings.price_id,
        assumeNotNull(billings.ends_at) as at, 0 as rank, toInt64(0) as quantity, toInt64(0) as billed_minor, toInt64(0) as billed_days
    from billings
    inner join (
        select {{ key }}, max(starts_at) as newest_period_at from terms where kind = 'period' group by {{ key }}
    ) as periods using ({{ key }})
    where billings.ends_at <= newest_period_at and billings.billed_again_at > billings.ends_at
),

-- What events and the newest state show: every price that the subscription ever had, 0 where it is gone.
shown as (
    select {{ key }}, price_id, states.observed_at as at, 2 as rank,
        if(has(item_price_ids, price_id), item_quantities[indexOf(item_price_ids, price_id)], 0) as quantity,
        toInt64(0) as billed_minor, toInt64(0) as billed_days
    from states
    inner join (
        select {{ key }}, arrayJoin(groupUniqArrayArray(price_ids)) as price_id
        from (
            select {{ key }}, item_price_ids as price_ids from states
            union all
            select {{ key }}, [ifNull(price_id, '')] from terms
        )
        group by {{ key }}
    ) as ever using ({{ key }})
    where is_complete and price_id != ''
),

-- What is left of a price without the tax that it holds, as its lines tell: (moment, of so much, so much).
net_shares as (
    select {{ key }}, price_id, arraySort(groupArray(
        (billed_at, toInt256(intDiv(charged_minor, part)), toInt256(intDiv(net_minor, part))))) as shares
    from (select *, charged_minor - tax_within_minor as net_minor, gcd(charged_minor, net_minor) as part
        from billings where charged_minor > 0 and charged_minor > tax_within_minor)
    group by {{ key }}, price_id
),

-- One statement per price and moment, with the exact worth of a month as numerator / denominator.
priced as (
    select said.*,
        -- A price of tiers, or of another currency than the subscription's, does not say what a quantity is worth.
        price.unit_amount_exact is not null and ifNull(price.billing_scheme, 'per_unit') = 'per_unit'
            and not ifNull(price.currency != said.currency, false) as tells_worth,
        -- The newest line by then; before there was one, the first.
        if(empty(said.shares), (toDateTime64(0, 3, 'UTC'), toInt256(1), toInt256(1)),
            arrayLast(share -> share.1 <= said.at or share.1 = said.shares[1].1, said.shares)) as net_share,
        net_share.3 * multiIf(price.interval = 'week', 52, price.interval = 'day' or price.interval is null, 365, 1) as periods,
        periods * ifNull(multiIf(
            said.quantity = 0 or price.usage_type = 'metered', toInt256(0),
            tells_worth, toInt256(assumeNotNull(price.unit_amount_exact) * 1000000000000) * multiIf(
                ifNull(price.divide_by, 0) <= 1, said.quantity,
                price.divide_round = 'up', intDiv(said.quantity + price.divide_by - 1, price.divide_by),
                intDiv(said.quantity, price.divide_by)),
            toInt256(said.billed_minor) * 1000000000000
        ), 0) as numerator,
        net_share.2 * 1000000000000 * ifNull(multiIf(
            price.interval = 'month', ifNull(price.interval_count, 1),
            price.interval is null, 12 * greatest(said.billed_days, 1),
            12 * ifNull(price.interval_count, 1)), 1) as denominator
    from (
        select * from (
            select {{ key }}, price_id, at,
                argMax(quantity, (rank, quantity)) as quantity,
                max(billed_minor) as billed_minor,
                max(billed_days) as billed_days,
                any(agreed.currency) as currency
            from (select * from documented union all select * from run_out union all select * from shown) as one
            left join (select workspace_id, connection_id, id as subscription_id, currency from agreements) as agreed using ({{ key }})
            group by {{ key }}, price_id, at
        ) as one
        left join net_shares using ({{ key }}, price_id)
    ) as said
    left join (
        select * from {{ newest(ref('prices')) }}
        where (workspace_id, connection_id) in (select workspace_id, connection_id from touched_subscriptions)
    ) as price
        on said.workspace_id = price.workspace_id and said.connection_id = price.connection_id and said.price_id = price.id
    -- It is worth what its last period was billed.
    where said.quantity = 0 or said.billed_minor != 0 or price.usage_type = 'metered' or tells_worth
),

holdings as (
    select {{ key }}, price_id, numerator, denominator, periods, at as from_at,
        leadInFrame(at, 1, {{ never }}) over later as until_at
    from (
        select *, lagInFrame(numerator, 1, toInt256(0)) over earlier as numerator_before,
            lagInFrame(denominator, 1, toInt256(1)) over earlier as denominator_before
        from priced
        window earlier as (partition by {{ key }}, price_id order by at rows between 1 preceding and current row)
    )
    where numerator * denominator_before != numerator_before * denominator
    window later as (partition by {{ key }}, price_id order by at rows between current row and 1 following)
),

-- Each in force from its begin until a state does not list it, and again from one that does; at most to its end, or for
-- as many months as its coupon has: no end is known of some. (From, until, share kept, amount off, its currency, place.)
recurring_discounts as (
    select workspace_id, connection_id, subscription_id, arraySort(d -> d.6, groupArrayArray(spans)) as discounts
    from (
        select given.workspace_id as workspace_id, given.connection_id as connection_id, given.subscription_id as subscription_id,
            ifNull(given.starts_at, toDateTime64(0, 3, 'UTC')) as begins_at,
            least(ifNull(given.ends_at, {{ never }}), if(
                coalesce(given.duration, coupon.duration) = 'repeating',
                ifNull(addMonths(given.starts_at, coupon.duration_in_months), {{ never }}), {{ never }})) as over_at,
            arrayPushFront(
                arrayMap(state -> (state.1, has(state.2, given.id)), arrayFilter(state -> state.1 > begins_at, known.lists)),
                (begins_at, true)) as said,
            arrayFilter(d -> d.1 < d.2, arrayMap(
                (at, is_listed, next_at) -> (
                    at, least(if(is_listed, next_at, at), over_at),
                    toInt256(1000000) - toInt256(ifNull(coalesce(given.percent_off, coupon.percent_off), 0) * 10000),
                    toInt256(ifNull(coalesce(given.amount_off_minor, coupon.amount_off_minor), 0)) * 1000000000000,
                    ifNull(if(given.amount_off_minor is null, coupon.currency, given.currency), ''),
                    -- They apply in the order of the newest list; what none is known to hold comes first.
                    (indexOf(arrayLast(state -> has(state.2, given.id), known.lists).2, given.id), begins_at, given.id)),
                said.1, said.2, arrayPushBack(arrayPopFront(said.1), {{ never }}))) as spans
        from (select * from {{ newest(ref('discounts')) }} where ({{ key }}) in (select {{ key }} from touched_subscriptions)) as given
        left join (
            select * from {{ newest(ref('coupons')) }}
            where (workspace_id, connection_id) in (select workspace_id, connection_id from touched_subscriptions)
        ) as coupon
            on given.workspace_id = coupon.workspace_id and given.connection_id = coupon.connection_id and given.coupon_id = coupon.id
        left join (
            select {{ key }}, arraySort(groupArray((observed_at, discount_ids))) as lists from states where lists_discounts group by {{ key }}
        ) as known
            on given.workspace_id = known.workspace_id and given.connection_id = known.connection_id
            and given.subscription_id = known.subscription_id
        where coalesce(given.duration, coupon.duration) in ('forever', 'repeating')
    )
    group by workspace_id, connection_id, subscription_id
),

counted as (
    select s.workspace_id as workspace_id, s.connection_id as connection_id, s.id as subscription_id,
        ifNull(s.customer_id, '') as customer_id, ifNull(s.currency, '') as currency,
        ifNull(activations.activated_at, {{ never }}) as from_at,
        ifNull(s.ended_at, if(s.status = 'canceled', coalesce(s.canceled_at, toDateTime64(0, 3, 'UTC')), {{ never }})) as until_at,
        ifNull(s.canceled_at, {{ never }}) as notice_at,
        arraySort(state -> state.1, known.statuses) as statuses,
        recurring_discounts.discounts as discounts,
        -- Free is its trial, and a price of which a period was billed nothing (an earlier trial) until it is billed anew.
        arrayConcat(
            if(s.trial_ends_at is null, [], [('', ifNull(s.trial_started_at, toDateTime64(0, 3, 'UTC')), assumeNotNull(s.trial_ends_at))]),
            arrayMap(f -> (f.1, f.2, least(f.3, if(s.trial_ends_at > f.2, assumeNotNull(s.trial_ends_at), {{ never }}))), free.periods)) as free
    from agreements as s
    left join (
        select * from {{ newest(ref('int_billing__activations')) }}
        where ({{ key }}) in (select {{ key }} from touched_subscriptions)
    ) as activations
        on s.workspace_id = activations.workspace_id and s.connection_id = activations.connection_id and s.id = activations.subscription_id
    left join (
        select {{ key }}, groupArray((price_id, billed_at, billed_again_at)) as periods from billings where is_free group by {{ key }}
    ) as free
        on s.workspace_id = free.workspace_id and s.connection_id = free.connection_id and s.id = free.subscription_id
    left join (select {{ key }}, groupArray((observed_at, ifNull(status, ''))) as statuses from states group by {{ key }}) as known
        on s.workspace_id = known.workspace_id and s.connection_id = known.connection_id and s.id = known.subscription_id
    left join recurring_discounts
        on s.workspace_id = recurring_discounts.workspace_id and s.connection_id = recurring_discounts.connection_id
        and s.id = recurring_discounts.subscription_id
),

days as (
    select counted.*,
        arrayFilter(h -> not arrayExists(f -> (f.1 = '' or f.1 = h.3) and f.2 <= closes_at and closes_at < f.3, free), all_held) as held,
        arrayJoin(arrayFilter(
            day -> day <= toDate({{ run_began_at() }}),
            arrayDistinct(arrayMap(moment -> toDate(moment), arrayConcat(
                [from_at, until_at, notice_at],
                arrayMap(h -> h.1, all_held), arrayMap(h -> h.2, all_held),
                arrayMap(f -> f.2, free), arrayMap(f -> f.3, free),
                arrayMap(d -> d.1, discounts), arrayMap(d -> d.2, discounts),
                arrayMap(state -> state.1, statuses)))))) as day,
        toDateTime64(day + 1, 3, 'UTC') - 1 as closes_at
    from counted
    inner join (
        select {{ key }}, arraySort(groupArray((from_at, until_at, price_id, numerator, denominator, periods))) as all_held
        from holdings
        where numerator > 0
        group by {{ key }}
    ) as known using ({{ key }})
),

valued as (
    select {{ key }}, customer_id, currency, day,
        arrayFilter(d -> d.1 <= closes_at and closes_at < d.2, discounts) as running,
        arrayFilter(h -> h.1 <= closes_at and closes_at < h.2, held) as holding,
        -- What is left of an invoice of all items, and so of each: exact to 24 decimals, however many discounts there are.
        arrayMap(d -> if(d.5 in ('', currency), d.4, toInt256(0)), running) as amounts,
        arraySum(h -> intDiv(h.4, h.6), holding) as billed,
        intDiv(arrayFold(
            (rest, d, amount) -> greatest(intDiv(rest * d.3, 1000000) - amount * {{ whole }}, toInt256(0)),
            running, amounts, billed * {{ whole }}), greatest(billed, 1)) as kept,
        from_at <= closes_at and closes_at < until_at
            and arrayLast(state -> state.1 <= closes_at, statuses).2 not in ('unpaid', 'paused') as counts,
        -- Percentages leave an exact share of each item. An amount leaves an exact sum: that is rounded, and a half may lack a
        -- trillionth, as thirds do not add up.
        toInt64(multiIf(
            not counts, toInt256(0),
            arraySum(amounts) = 0, arraySum(h -> intDiv(2 * h.4 * kept + h.5 * {{ whole }}, 2 * h.5 * {{ whole }}), holding),
            intDiv(arraySum(h -> intDiv(h.4 * kept, h.5), holding) + intDiv({{ whole }}, 2) + 1000000000000, {{ whole }}))) as mrr_minor,
        if(notice_at <= closes_at, toInt64(0), mrr_minor) as committed_mrr_minor
    from days
),

changes as (
    select {{ key }}, customer_id, currency, day as changed_on, mrr_minor, committed_mrr_minor
    from (
        select *,
            lagInFrame(mrr_minor, 1, toInt64(0)) over earlier as mrr_minor_before,
            lagInFrame(committed_mrr_minor, 1, toInt64(0)) over earlier as committed_mrr_minor_before
        from valued
        window earlier as (partition by {{ key }} order by day rows between 1 preceding and current row)
    )
    where mrr_minor != mrr_minor_before or committed_mrr_minor != committed_mrr_minor_before
),

computed as (
    select workspace_id, connection_id, customer_id, subscription_id, changed_on, currency, mrr_minor, committed_mrr_minor,
        toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
        toUInt8(0) as is_deleted,
        {{ run_began_at() }} as computed_at
    from changes
)

-- Withdrawn: days that no longer see a change. By their customers first, which are the sorting key: without them, the
-- newest of every row would be looked for.
{%- set touched = '(' ~ key ~ ') in (select ' ~ key ~ ' from touched_subscriptions)' %}
{{ computed_or_withdrawn('computed', 'workspace_id, connection_id, customer_id, subscription_id, changed_on', stood=touched ~ "
    and (workspace_id, connection_id, customer_id) in (
        select workspace_id, connection_id, customer_id from " ~ this ~ " where " ~ touched ~ ")") }}
