"""Which metrics of revenue, customers, invoices and costs are saved?

Definitions: docs/metrics.md; of MRR: docs/decisions/0007.
"""

from serving.metrics.registry import Metric, catalog
from serving.metrics.series import Interval

MOVEMENTS = "marts.fct_mrr_movements"
SUBSCRIPTIONS = "marts.fct_subscriptions"
INVOICES = "marts.fct_invoices"
REVENUE = "marts.fct_revenue_days"
RECEIVABLES = "marts.fct_receivables"
SETTLEMENTS = "marts.fct_settlement_days"

# Kinds of movement of the processor's balance, by what they are: the seed ledger_mappings tells it,
# and a test holds these to it.
PAID = ("charge", "charge_failure", "partial_capture_reversal")
GIVEN_BACK = ("refund", "refund_failure")
CHARGED = ("fee", "network_cost", "tax")

_MOVED = {"kind": "kind", "is_involuntary": "is_involuntary", "cohort_month": "cohort_month"}
_COHORT = {"cohort_month": "cohort_month"}
_PAYING = "toInt64(kind in ('new', 'reactivation')) - toInt64(kind = 'churn')"
_AGREED = {"plan": "plan", "interval": "interval"}
_BILLED = {"billing_reason": "billing_reason", "status": "status"}
_ISSUED = "issued_on is not null and status != 'void'"
_PAID = {
    "method": "method", "brand": "brand", "country": "country", "balance_currency": "currency",
}  # fmt: skip

# What a customer was worth when the interval began, told by each of its movements in it; and
# whether that is the last of them: what follows lies behind the interval, or what is asked for.
_WITHIN: dict[str, dict[Interval, str]] = {
    "opening": {
        "day": "mrr_before_minor", "week": "week_before_minor", "month": "month_before_minor",
    },
    "is_last": {
        "day": "true", "week": "until_on >= least(toMonday(moved_on) + 7, {until:Date})",
        "month": "until_on >= least(toStartOfMonth(moved_on) + interval 1 month, {until:Date})",
    },
}  # fmt: skip
_LOST = "({is_last}) and {opening} > 0 and mrr_after_minor = 0"

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
        MOVEMENTS, "0", "moved_on", _LOST, "delta_minor", ("value",), dimensions=_COHORT,
        intervals=("month",), words=_WITHIN,
    ),
    Metric(
        "net_retention", "Net revenue retention: MRR at the interval's end of the customers who had"
        " some at its begin, over what they had.", "ratio", "span", MOVEMENTS,
        "if(({is_last}) and {opening} > 0, mrr_after_minor - {opening}, 0)", "moved_on", "0",
        "delta_minor", ("value", "base"), dimensions=_COHORT, words=_WITHIN,
    ),
    Metric(
        "gross_retention", "Gross revenue retention: the same without expansion.", "ratio", "span",
        MOVEMENTS, "if({is_last}, least(mrr_after_minor - {opening}, 0), 0)", "moved_on", "0",
        "delta_minor", ("value", "base"), dimensions=_COHORT, words=_WITHIN,
    ),
    Metric(
        "logo_churn", "Share of the customers at the interval's begin who are none at its end.",
        "ratio", "span", MOVEMENTS, _LOST, "moved_on", "0", _PAYING, ("base",),
        dimensions=_COHORT, of="count", words=_WITHIN,
    ),
    Metric(
        "revenue_churn", "Share of the MRR at the interval's begin that contraction and churn took:"
        " one less gross retention.", "ratio", "span", MOVEMENTS,
        "if({is_last}, greatest({opening} - mrr_after_minor, 0), 0)", "moved_on", "0",
        "delta_minor", ("base",), dimensions=_COHORT, words=_WITHIN,
    ),
    Metric(
        "trials_started", "Trials that began.", "count", "flow", SUBSCRIPTIONS, "1",
        "toDate(ifNull(trial_started_at, trial_ends_at))", where="trial_outcome != ''",
        dimensions=_AGREED | {"outcome": "trial_outcome"},
    ),
    Metric(
        "trial_conversion", "Of the trials that ended in the interval, the share that has paid.",
        "ratio", "flow", SUBSCRIPTIONS, "trial_outcome = 'converted'", "toDate(trial_ends_at)", "1",
        where="trial_outcome in ('converted', 'lost')", dimensions=_AGREED,
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
        "money", "span", REVENUE, "earned_minor", "day", where="lines != 0", dimensions=_OF_LINES,
    ),
    Metric(
        "deferred_revenue", "Billed and not yet earned at the interval's end.", "money", "span",
        REVENUE, "billed_minor - earned_minor", "day", standing="billed_minor - earned_minor",
        stands_in=("value",), where="lines != 0", dimensions=_OF_LINES,
    ),
    Metric(
        "payments", "What customers paid, as the processor booked it, in their currency.", "money",
        "flow", SETTLEMENTS, "payment_minor", "day",
        where=f"movements != 0 and category in {PAID}",
        currency="payment_currency", dimensions=_PAID,
    ),
    Metric(
        "refunds", "What was given back, in the customer's currency; less what did not arrive.",
        "money", "flow", SETTLEMENTS, "-payment_minor", "day",
        where=f"movements != 0 and category in {GIVEN_BACK}",
        currency="payment_currency", dimensions=_PAID,
    ),
    Metric(
        "fees", "What the processor took, deducted or by itself, in the currency of its balance.",
        "money", "flow", SETTLEMENTS, f"fee_minor - if(category in {CHARGED}, gross_minor, 0)",
        "day",
        where=f"movements_with_fee != 0 or (category in {CHARGED} and movements != 0)",
        dimensions=_PAID | {"category": "category", "payment_currency": "payment_currency"},
    ),
    Metric(
        "fee_rate", "Fees on payments over their gross: the effective rate.", "ratio", "flow",
        SETTLEMENTS, "fee_minor", "day", "gross_minor",
        where=f"movements != 0 and category in {PAID}",
        dimensions=_PAID | {"payment_currency": "payment_currency"},
    ),
)  # fmt: skip
