"""Which metrics of revenue, customers, invoices and costs are saved?

Definitions: docs/metrics.md; of MRR: docs/decisions/0007.
"""

from serving.metrics.registry import Metric, catalog

MOVEMENTS = "marts.fct_mrr_movements"
SUBSCRIPTIONS = "marts.fct_subscriptions"
INVOICES = "marts.fct_invoices"
LINES = "marts.fct_revenue_lines"
RECEIVABLES = "marts.fct_receivables"
SETTLEMENTS = "marts.fct_settlements"

_MOVED = {"kind": "kind", "is_involuntary": "is_involuntary", "cohort_month": "cohort_month"}
_COHORT = {"cohort_month": "cohort_month"}
_PAYING = "toInt64(kind in ('new', 'reactivation')) - toInt64(kind = 'churn')"
_AGREED = {"plan": "plan", "interval": "interval"}
_BILLED = {"billing_reason": "billing_reason", "status": "status"}
_ISSUED = "issued_on is not null and status != 'void'"
_PAID = {
    "method": "method", "brand": "brand", "country": "country", "balance_currency": "currency",
}  # fmt: skip

# What each customer was worth at the begin and at the end of the interval.
_CUSTOMERS = """(
    select currency, cohort_month, starts_on, ends_on,
        arrayLast(move -> move.1 < starts_on, moved).2 as opening_minor,
        arrayLast(move -> move.1 < ends_on, moved).2 as closing_minor
    from (
        select currency, customer_id, any(cohort_month) as cohort_month,
            arraySort(groupArray((moved_on, mrr_after_minor))) as moved
        from marts.fct_mrr_movements final
        group by currency, connection_id, customer_id
    )
    array join {starts:Array(Date)} as starts_on, {ends:Array(Date)} as ends_on
)"""

_COMMITTED = """(
    select currency, changed_on,
        committed_mrr_minor - lagInFrame(committed_mrr_minor, 1, toInt64(0)) over (
            partition by connection_id, customer_id, subscription_id order by changed_on
            rows between 1 preceding and current row) as delta_minor
    from marts.int_billing__subscription_mrr final
)"""

# An unpaid invoice leaves one age on the day on which it enters the next.
_OWED = """(
    select currency, age, step.1 as moved_on, step.2 as delta_minor
    from marts.fct_receivables final
    array join [(from_on, owed_minor), (until_on, -owed_minor)] as step
)"""

# What a line has earned by the beginning of a day; nothing before it is billed. In seconds of the
# epoch, which are counted once a line: ClickHouse's functions of moments take most of the time.
_EARNED = """if({by} * 1000 <= billed_ms, toInt128(0), if(ends_ms <= {by} * 1000, net,
    intDiv(net * greatest({by} - starts_s, 0), lasts_s)))"""
_BY_START, _BY_END = _EARNED.replace("{by}", "from_s"), _EARNED.replace("{by}", "until_s")
# Each line with the intervals from its bill to its end, which are found by their places: to set
# every line against every interval takes three times as long.
_PLACE = """least(length({starts:Array(Date)}), indexOf(
    {bounds:Array(Int64)}, roundDown(intDiv(%s, 1000), {bounds:Array(Int64)})))"""
_LINES = f"""(
    select currency, kind, product_id, net, billed_ms, starts_s, ends_ms, lasts_s,
        {{starts:Array(Date)}}[place] as starts_on, {{bounds:Array(Int64)}}[place] as from_s,
        {{bounds:Array(Int64)}}[place + 1] as until_s
    from (
        select currency, kind, product_id, toInt128(net_minor) as net,
            toUnixTimestamp64Milli(billed_at) as billed_ms,
            toUnixTimestamp64Milli(ends_at) as ends_ms, greatest(billed_ms, ends_ms) as last_ms,
            intDiv(toUnixTimestamp64Milli(starts_at), 1000) as starts_s,
            greatest(intDiv(ends_ms, 1000) - starts_s, 1) as lasts_s
        from marts.fct_revenue_lines final
    )
    array join range({_PLACE % "billed_ms"}, {_PLACE % "last_ms"} + 1) as place
    where last_ms >= 1000 * {{bounds:Array(Int64)}}[1]
)"""
_OF_LINES = {"kind": "kind", "product_id": "product_id"}

METRICS = catalog(
    Metric(
        "arr", "Annual recurring revenue: twelve times MRR at the interval's end.", "money",
        "stock", MOVEMENTS, "12 * delta_minor", "moved_on", dimensions=_COHORT,
    ),
    Metric(
        "live_mrr", "MRR at the interval's end: what GET /v1/metrics/mrr shows, by cohort too.",
        "money", "stock", MOVEMENTS, "delta_minor", "moved_on", dimensions=_COHORT,
    ),
    Metric(
        "committed_mrr", "MRR at the interval's end that is not under notice: live MRR less the"
        " subscriptions whose cancellation has been asked for.", "money", "stock",
        "marts.int_billing__subscription_mrr", "delta_minor", "changed_on", source=_COMMITTED,
    ),
    Metric(
        "mrr_movements", "What moved MRR: new, expansion, contraction, churn, reactivation.",
        "money", "flow", MOVEMENTS, "delta_minor", "moved_on", dimensions=_MOVED,
    ),
    Metric(
        "customers", "Customers with MRR at the interval's end.", "count", "stock", MOVEMENTS,
        _PAYING, "moved_on", dimensions=_COHORT,
    ),
    Metric(
        "arpu", "Average MRR per paying customer at the interval's end.", "money_per", "stock",
        MOVEMENTS, "delta_minor", "moved_on", _PAYING, dimensions=_COHORT,
    ),
    Metric(
        "ltv", "Lifetime value: opening MRR over the customers lost in the month, which is average"
        " MRR over the share of customers lost. None where nobody left.", "money_per", "span",
        MOVEMENTS, "sum(opening_minor)",
        base="countIf(opening_minor > 0 and closing_minor = 0)", source=_CUSTOMERS,
        dimensions=_COHORT, intervals=("month",),
    ),
    Metric(
        "net_retention", "Net revenue retention: MRR at the interval's end of the customers who had"
        " some at its begin, over what they had.", "ratio", "span", MOVEMENTS,
        "sumIf(closing_minor, opening_minor > 0)", base="sum(opening_minor)", source=_CUSTOMERS,
        dimensions=_COHORT,
    ),
    Metric(
        "gross_retention", "Gross revenue retention: the same without expansion.", "ratio", "span",
        MOVEMENTS, "sum(least(opening_minor, closing_minor))", base="sum(opening_minor)",
        source=_CUSTOMERS, dimensions=_COHORT,
    ),
    Metric(
        "logo_churn", "Share of the customers at the interval's begin who are none at its end.",
        "ratio", "span", MOVEMENTS, "countIf(opening_minor > 0 and closing_minor = 0)",
        base="countIf(opening_minor > 0)", source=_CUSTOMERS, dimensions=_COHORT, of="count",
    ),
    Metric(
        "revenue_churn", "Share of the MRR at the interval's begin that contraction and churn took:"
        " one less gross retention.", "ratio", "span", MOVEMENTS,
        "sum(opening_minor - least(opening_minor, closing_minor))", base="sum(opening_minor)",
        source=_CUSTOMERS, dimensions=_COHORT,
    ),
    Metric(
        "trials_started", "Trials that began.", "count", "flow", SUBSCRIPTIONS, "1",
        "toDate(ifNull(trial_started_at, trial_ends_at))", where="trial_ends_at is not null",
        dimensions=_AGREED | {"outcome": "trial_outcome"},
    ),
    Metric(
        "trial_conversion", "Of the trials that ended in the interval, the share that has paid.",
        "ratio", "flow", SUBSCRIPTIONS, "trial_outcome = 'converted'", "toDate(trial_ends_at)", "1",
        where="trial_ends_at is not null and trial_outcome != 'open'", dimensions=_AGREED,
        of="count",
    ),
    Metric(
        "invoiced", "Invoices issued: after discounts, with tax.", "money", "flow", INVOICES,
        "total_minor", "assumeNotNull(issued_on)", where=_ISSUED,
        dimensions=_BILLED,
    ),
    Metric(
        "discounts", "Discounts and billing credits on invoices issued.", "money", "flow", INVOICES,
        "discount_minor", "assumeNotNull(issued_on)", where=_ISSUED,
        dimensions=_BILLED,
    ),
    Metric(
        "taxes", "Tax on invoices issued.", "money", "flow", INVOICES, "tax_minor",
        "assumeNotNull(issued_on)", where=_ISSUED,
        dimensions=_BILLED,
    ),
    Metric(
        "receivables", "What customers owe at the interval's end, by how long it is overdue.",
        "money", "stock", RECEIVABLES, "delta_minor", "moved_on", source=_OWED,
        dimensions={"age": "age"},
    ),
    Metric(
        "revenue", "Revenue earned in the interval, by the second of the service that was billed.",
        "money", "span", LINES, f"sum({_BY_END} - {_BY_START})", source=_LINES,
        dimensions=_OF_LINES,
    ),
    Metric(
        "deferred_revenue", "Billed and not yet earned at the interval's end.", "money", "span",
        LINES, f"sum(if(billed_ms < until_s * 1000, net, 0) - {_BY_END})",
        source=_LINES, dimensions=_OF_LINES,
    ),
    Metric(
        "payments", "What customers paid, as the processor booked it, in their currency.", "money",
        "flow", SETTLEMENTS, "payment_minor", "toDate(booked_at)",
        where="category in ('charge', 'charge_failure')", currency="payment_currency",
        dimensions=_PAID,
    ),
    Metric(
        "refunds", "What was given back, in the customer's currency.", "money", "flow", SETTLEMENTS,
        "-payment_minor", "toDate(booked_at)", where="category = 'refund'",
        currency="payment_currency", dimensions=_PAID,
    ),
    Metric(
        "fees", "What the processor took, in the currency of its balance.", "money", "flow",
        SETTLEMENTS, "fee_minor - if(category = 'fee', gross_minor, 0)", "toDate(booked_at)",
        where="fee_minor != 0 or category = 'fee'",
        dimensions=_PAID | {"category": "category", "payment_currency": "payment_currency"},
    ),
    Metric(
        "fee_rate", "Fees on payments over their gross: the effective rate.", "ratio", "flow",
        SETTLEMENTS, "fee_minor", "toDate(booked_at)", "gross_minor",
        where="category in ('charge', 'charge_failure')",
        dimensions=_PAID | {"payment_currency": "payment_currency"},
    ),
)  # fmt: skip
