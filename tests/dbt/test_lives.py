"""Do the billing marts tell the company's facts? Against lives, from which nothing was rendered.

Every figure is computed here from the facts of the company's customers (what was agreed, paid and
given back, and when), never from an object that Stripe shows or a table that dbt wrote.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.warehouse import Warehouse
from sandbox.company.calendar import DAY, day_of
from sandbox.company.catalog import exchange_rate_micro
from sandbox.company.facts import NEVER, Customer, Invoice, Subscription
from sandbox.company.life import live
from sandbox.company.revenue import monthly_value
from tests.dbt.company import NEWEST, SPEC, WORKSPACE, Company

LAST = SPEC.until  # the first day after the company's life


@pytest.fixture(scope="module")
def lives() -> list[Customer]:
    """The facts of every customer."""
    return [live(SPEC.seed, i, SPEC.start_at, SPEC.until_at) for i in range(SPEC.scale)]


@pytest.fixture(scope="module")
def marts(built: Warehouse, company: Company) -> Any:
    """Asks the marts about the company: rows as tuples."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        where = f"workspace_id = '{WORKSPACE}'"
        rows = built.rows(sql.format(where=where, last=f"'{LAST}'"))
        return [tuple(row.values()) for row in rows]

    return ask


def subscriptions(lives: list[Customer]) -> Iterator[Subscription]:
    for customer in lives:
        yield from customer.subscriptions


def committed(subscription: Subscription, at: int) -> int:
    """What a subscription is worth a month, unless somebody has asked to end it by then."""
    return 0 if subscription.cancel_requested_at <= at else monthly_value(subscription, at)


def close_of(day: int) -> int:
    return (day + 1) * DAY - 1


def test_committed_mrr_and_customers_of_every_day_are_the_facts(
    lives: list[Customer], marts: Any
) -> None:
    told = {
        (currency.lower(), day): tuple(values)
        for currency, day, *values in marts(
            "select currency, day, mrr_minor, committed_mrr_minor, arr_minor, customers"
            " from marts.fct_mrr_daily where {where} and day < {last}"
        )
    }
    truth: dict[tuple[str, date], tuple[int, ...]] = {}
    for day in range(SPEC.start_at // DAY, SPEC.until_at // DAY):
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for customer in lives:
            at = close_of(day)
            live_mrr = sum(monthly_value(s, at) for s in customer.subscriptions)
            held = sum(committed(s, at) for s in customer.subscriptions)
            for place, value in enumerate((live_mrr, held, 12 * live_mrr, int(live_mrr > 0))):
                sums[customer.currency][place] += value
        truth |= {(code, day_of(day * DAY)): tuple(values) for code, values in sums.items()}
    assert {key: told.get(key, (0, 0, 0, 0)) for key in truth} == truth
    assert sum(held < live_mrr for live_mrr, held, *_ in truth.values()) > 50  # notice was given


def test_cohorts_and_retention_of_every_month_are_the_facts(
    lives: list[Customer], marts: Any
) -> None:
    months = [date(2025 + n // 12, n % 12 + 1, 1) for n in range(4, 22)]  # 05/2025 to 10/2026
    truth: dict[tuple[str, date, date], Counter[str]] = defaultdict(Counter)
    for customer in lives:
        cohort = None
        for month, following in zip(months, [*months[1:], LAST], strict=True):
            opens, closes = (
                int(datetime(d.year, d.month, 1, tzinfo=UTC).timestamp()) - 1
                for d in (month, following)
            )
            opening, closing = (
                sum(monthly_value(s, at) for s in customer.subscriptions) for at in (opens, closes)
            )
            first = _first_day(customer)
            cohort = date(first.year, first.month, 1) if first and first < following else None
            if cohort is None:
                continue
            cell = truth[customer.currency, cohort, month]
            cell["opening"] += opening
            cell["closing"] += closing
            cell["net"] += closing if opening else 0
            cell["gross"] += min(opening, closing)
            cell["customers_opening"] += opening > 0
            cell["customers_closing"] += closing > 0
            cell["lost"] += opening > 0 and closing == 0
    told = marts(
        "select lower(currency), cohort_month, month, opening_mrr_minor, closing_mrr_minor,"
        " net_retained_mrr_minor, gross_retained_mrr_minor, customers_opening, customers_closing,"
        " customers_lost from marts.fct_mrr_cohorts where {where} and month < {last}"
    )
    names = ("opening", "closing", "net", "gross", "customers_opening", "customers_closing", "lost")
    assert len(truth) > 200
    assert {row[:3]: row[3:] for row in told} == {
        key: tuple(cell[name] for name in names) for key, cell in truth.items()
    }


def _first_day(customer: Customer) -> date | None:
    """The first day at whose end the customer pays."""
    moments = sorted(
        at for s in customer.subscriptions for at, _ in s.statuses if at < SPEC.until_at
    )
    for at in moments:
        if any(monthly_value(s, close_of(at // DAY)) for s in customer.subscriptions):
            return day_of(at)
    return None


def test_a_loss_is_involuntary_where_money_did_not_come(lives: list[Customer], marts: Any) -> None:
    unpaid = {
        (s.customer.id, day_of(s.ended_at)) for s in subscriptions(lives)
        if s.ended_at != NEVER and s.cancel_reason == "payment_failed"
    }  # fmt: skip
    told = marts(
        "select customer_id, moved_on, is_involuntary from marts.fct_mrr_movements final"
        " where {where} and moved_on < {last} and kind = 'churn'"
    )
    assert len(told) > 10
    assert {row[:2] for row in told if row[2]} == unpaid & {row[:2] for row in told}
    assert 3 < sum(row[2] for row in told) < len(told)


def test_every_subscription_s_trial_and_end_are_the_facts(
    lives: list[Customer], marts: Any, built: Warehouse
) -> None:
    # test_marts.py may have ended one after the company's life.
    newer = "select id from staging.stg_stripe__subscriptions where workspace_id = {ws:String}"
    found = built.rows(f"{newer} and version > {NEWEST}", {"ws": WORKSPACE})
    ended_later = {row["id"] for row in found}
    assert len(ended_later) < 2
    told = marts(
        "select subscription_id, plan, interval, trial_outcome, end_kind,"
        " toUnixTimestamp(first_paid_at), mrr_minor, committed_mrr_minor"
        " from marts.fct_subscriptions final where {where}"
    )
    truth = []
    for s in subscriptions(lives):
        paid = min((i.paid_at for i in _billed(s) if i.total and i.paid_at < NEVER), default=None)
        ended = s.ended_at < NEVER
        outcome = "" if s.trial_end is None else "converted" if paid else "lost"
        if s.trial_end is not None and not paid and not ended:
            outcome = "open"
        end = ""
        if ended:
            end = "involuntary" if s.cancel_reason == "payment_failed" else "voluntary"
            end = "never_started" if s.statuses[-1][1] == "incomplete_expired" else end
        dearest = max(
            (line for i in s.customer.invoices if i.subscription is s for line in i.lines
             if line.price is not None and (line.amount > 0 or not line.proration)),
            key=lambda line: (line.start, line.amount),
        ).price  # fmt: skip
        assert dearest is not None
        at = SPEC.until_at
        truth.append(
            (s.id, dearest.product.name, dearest.interval, outcome, end, paid,
             monthly_value(s, at), committed(s, at))
        )  # fmt: skip
    told, truth = (
        sorted(row for row in rows if row[0] not in ended_later) for rows in (told, truth)
    )
    assert len(truth) > 70
    assert told == truth
    assert {"converted", "lost", ""} <= {row[3] for row in truth}
    assert {"voluntary", "involuntary", "never_started", ""} == {row[4] for row in truth}


def _billed(subscription: Subscription) -> Iterator[Invoice]:
    for invoice in subscription.customer.invoices:
        if invoice.subscription is subscription:
            yield invoice


def test_invoices_taxes_and_discounts_of_every_month_are_the_facts(
    lives: list[Customer], marts: Any
) -> None:
    told = marts(
        "select lower(currency), toStartOfMonth(issued_on) as month, count(), sum(subtotal_minor),"
        " sum(discount_minor), sum(tax_minor), sum(total_minor), sum(credited_after_payment_minor)"
        " from marts.fct_invoices final where {where} and issued_on is not null"
        " group by currency, month"
    )
    truth: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0] * 6)
    for customer in lives:
        for invoice in customer.invoices:
            if invoice.finalized_at >= SPEC.until_at:
                continue
            credited = sum(note.total for note in invoice.credit_notes)
            month = day_of(invoice.finalized_at).replace(day=1)
            values = (1, invoice.subtotal, invoice.discount, invoice.tax, invoice.total, credited)
            for place, value in enumerate(values):
                truth[customer.currency, month][place] += value
    assert {row[:2]: list(row[2:]) for row in told} == dict(truth)
    assert all(sum(values[place] for values in truth.values()) > 0 for place in range(6))


def test_what_customers_owe_on_every_day_is_the_facts(lives: list[Customer], marts: Any) -> None:
    """Issued by a day's end, and by then neither paid nor voided nor given up."""
    told = marts(
        "select lower(currency), day, sum(total_minor) from ("
        " select currency, total_minor, arrayJoin(range(toUInt32(issued_on),"
        "   toUInt32(ifNull(toDate(closed_at), toDate({last}))))) as day"
        " from marts.fct_invoices final where {where} and issued_on is not null)"
        " group by currency, day"
    )
    truth: Counter[tuple[str, int]] = Counter()
    for customer in lives:
        for i in customer.invoices:
            closed = min(i.paid_at, i.voided_at, i.uncollectible_at, SPEC.until_at)
            for day in range(i.finalized_at // DAY, closed // DAY):
                truth[customer.currency, day] += i.total
    assert sum(truth.values()) > 0
    assert {row[:2]: row[2] for row in told if row[2]} == {k: v for k, v in truth.items() if v}


def test_fees_by_method_and_currency_are_the_facts(lives: list[Customer], marts: Any) -> None:
    told = marts(
        "select method, lower(payment_currency), country, lower(currency), sum(payment_minor),"
        " sum(gross_minor), sum(fee_minor) from marts.fct_settlements final"
        " where {where} and category = 'charge' group by all"
    )
    truth: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for customer in lives:
        for invoice in customer.invoices:
            for attempt in invoice.attempts:
                if (entry := attempt.entry) is None:
                    continue
                method = attempt.method
                key = (method.kind, customer.currency, method.country, entry.currency)
                for place, value in enumerate((invoice.total, entry.amount, entry.fee)):
                    truth[key][place] += value
    assert len(truth) > 8
    assert {row[:4]: list(row[4:]) for row in told} == dict(truth)


def test_rates_are_those_at_which_the_day_s_last_payment_was_converted(
    lives: list[Customer], marts: Any
) -> None:
    told = marts(
        "select lower(base_currency), lower(quote_currency), day, toString(rate), source_id"
        " from marts.fct_exchange_rates final where {where}"
    )
    # Euro per yen or dinar, of which the provider names the rate of minor units.
    last: dict[tuple[str, str, date], tuple[int, str, str]] = {}
    for customer in lives:
        for attempt in (a for i in customer.invoices for a in i.attempts):
            entries = [attempt.entry, *(refund.entry for refund in attempt.refunds)]
            for entry in entries:
                rate_micro = (
                    exchange_rate_micro(customer.currency, entry.created) if entry else None
                )
                if entry is None or rate_micro is None:
                    continue
                key = (customer.currency, entry.currency, day_of(entry.created))
                whole, fraction = divmod(rate_micro, 1_000_000)
                rate = f"{whole}.{fraction:06}".rstrip("0")
                last[key] = max(last.get(key, (0, "", "")), (entry.created, rate, entry.id))
    assert len(last) > 50
    assert {row[:3]: row[3:] for row in told} == {key: value[1:] for key, value in last.items()}


def test_the_bridge_has_every_step_and_nothing_was_paid_by_hand(marts: Any) -> None:
    steps = dict(
        marts("select step, count() from marts.fct_cash_bridge where {where} group by step")
    )
    assert set(steps) == {
        "mrr", "longer_periods", "changes_within_the_month", "prorations", "tax", "still_owed",
        "written_off", "paid_in_another_month", "paid_for_another_month", "refunds",
        "converted", "disputes", "fees", "other_income", "moved_to_and_from_banks",
    }  # fmt: skip
