"""Is use counted exactly, billed after its period, and shown as Stripe's own client reads it?"""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.company.catalog import DAY, METERED_PRICES
from sandbox.company.facts import Item
from sandbox.company.usage import NOON, calls_between, calls_on, usage_line
from sandbox.process import RunningSandbox, running_sandbox
from tests.sandbox.conftest import client_of

ITEM = Item("si_1", METERED_PRICES["eur"], 0)
MIDNIGHT = 20_500 * DAY


@pytest.fixture(scope="module")
def by_use(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A small company that sells API calls beside its plans."""
    options = ("--scale", "26", "--seed", "7", "--until", "2026-11-01", "--metered")
    with running_sandbox(tmp_path_factory.mktemp("by_use"), *options) as running:
        yield running


@given(st.lists(st.integers(0, 40 * DAY), min_size=2, max_size=6))
def test_parts_of_a_time_use_what_the_whole_uses(cuts: list[int]) -> None:
    moments = sorted(MIDNIGHT + cut for cut in cuts)
    parts = [calls_between(ITEM, a, b) for a, b in pairwise(moments)]
    assert sum(parts) == calls_between(ITEM, moments[0], moments[-1])


def test_a_day_counts_at_its_noon_and_a_line_rounds_a_half_up() -> None:
    day = next(day for day in range(20_500, 20_600) if calls_on(ITEM, day) % 5 == 4)
    calls, noon = calls_on(ITEM, day), day * DAY + NOON
    assert (
        calls_between(ITEM, noon, noon + 1) == calls_between(ITEM, day * DAY, noon + DAY) == calls
    )
    assert calls_between(ITEM, noon + 1, noon + DAY) == 0
    # At 0.4 cents: 5n + 4 calls are 2n + 1.6 cents, so 2n + 2.
    line = usage_line("il_1", ITEM, noon, noon + 1)
    assert (line.quantity, line.amount) == (calls, calls // 5 * 2 + 2)
    assert usage_line("il_1", ITEM, noon, noon + 1, free=True).amount == 0
    # Amounts of a currency with three decimals end in zero.
    dinar = Item("si_1", METERED_PRICES["kwd"], 0)
    assert usage_line("il_1", dinar, noon, noon + 1).amount % 10 == 0


def test_stripe_s_own_client_sees_what_is_sold_by_use(by_use: RunningSandbox) -> None:
    client = client_of(by_use)
    (meter,) = client.v1.billing.meters.list().data
    assert (meter.event_name, meter.default_aggregation.formula) == ("api_calls", "sum")
    price = client.v1.prices.retrieve("price_1NwCallsUSD")
    assert (price.unit_amount, str(price.unit_amount_decimal)) == (None, "0.45")
    assert price.recurring is not None
    assert (price.recurring.usage_type, price.recurring.meter) == ("metered", meter.id)
    one = [row for row in by_use.books.usage() if row["quantity"]][-1]
    items = client.v1.subscription_items.list({"subscription": one["subscription"]}).data
    metered = [item for item in items if item.price.recurring.usage_type == "metered"]
    assert [("quantity" in item, item.price.recurring.meter) for item in metered] == [
        (False, one["meter"])
    ]


def test_invoices_bill_the_period_before_as_the_books_say(by_use: RunningSandbox) -> None:
    client = client_of(by_use)
    shown = {}
    for invoice in client.v1.invoices.list({"limit": 100}).auto_paging_iter():
        if invoice.status == "draft":
            continue
        for line in invoice.lines.data:
            price = line.pricing.price_details.price if line.pricing else ""
            if price.startswith("price_1NwCalls"):
                shown[line.id] = (invoice.id, line.period.start, line.period.end, line.quantity)
                assert line.period.end == invoice.period_end <= invoice.created
    books = by_use.books.usage()
    assert shown == {
        row["line"]: (row["invoice"], row["started"], row["ended"], row["quantity"])
        for row in books
    }
    # One bills nothing but the last use of a subscription that was not renewed.
    assert {row["status"] for row in books} == {"issued"}
    assert len(shown) == 40


def test_a_company_sells_nothing_by_use_unless_it_is_asked_for(
    stripe_sandbox: RunningSandbox,
) -> None:
    assert client_of(stripe_sandbox).v1.billing.meters.list().data == []
    assert stripe_sandbox.books.usage() == []
