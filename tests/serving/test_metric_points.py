"""Do points conserve what they are made of, and does a conversion round once, by the right rate?"""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from core.money import exponent
from serving.metrics.points import half_up, points_of
from serving.metrics.rates import TOLD, Rate, Rates
from serving.metrics.registry import Metric
from serving.metrics.series import interval_start, interval_starts

FIRST, UNTIL = date(2024, 1, 1), date(2024, 7, 1)
FLOW = Metric("flow", "A flow.", "money", "flow", "marts.x", "minor", "day")
STOCK = Metric("stock", "A stock.", "money", "stock", "marts.x", "minor", "day")
SPAN = Metric(
    "span", "A span.", "ratio", "span", "marts.x", "1", "day", "0", "minor", ("value", "base")
)
DAYS = st.dates(FIRST, UNTIL - timedelta(days=1))
AMOUNTS = st.integers(-(10**12), 10**12)
FACTS = st.dictionaries(
    st.tuples(st.sampled_from(["EUR", "JPY", "KWD"]), DAYS), AMOUNTS, max_size=12
)
INTERVALS = st.sampled_from(["day", "week", "month"])


def rows(facts):
    return [
        {"cut_currency": currency, "cut_day": day, "sum_value": minor, "sum_base": 0}
        for (currency, day), minor in facts.items()
    ]


@given(FACTS, INTERVALS)
def test_a_flow_s_points_are_its_days_and_a_stock_s_their_running_sum(facts, interval):
    starts = list(interval_starts(FIRST, UNTIL, interval))
    truth: Counter[tuple[str, date]] = Counter()
    for (currency, day), minor in facts.items():
        truth[currency, interval_start(day, interval)] += minor
    told = points_of(FLOW, rows(facts), (), starts, UNTIL, None)
    assert {(p.group[0], p.starts_on): p.sums.value for p in told} == dict(truth)
    for point in points_of(STOCK, rows(facts), (), starts, UNTIL, None):
        running = sum(
            minor for (currency, start), minor in truth.items()
            if currency == point.group[0] and start <= point.starts_on
        )  # fmt: skip
        assert point.sums.value == running


@given(FACTS, INTERVALS)
def test_a_span_adds_what_happened_to_what_stood_at_its_begin(facts, interval):
    """Each fact counts 1 in its interval and its amount from the next one on."""
    starts = list(interval_starts(date(2024, 3, 1), UNTIL, interval))
    told = [row | {"sum_value": 1, "sum_standing": row["sum_value"]} for row in rows(facts)]
    points = points_of(SPAN, told, (), starts, UNTIL, None)
    expected = {}
    for currency in {currency for currency, _ in facts}:
        days = {day: minor for (code, day), minor in facts.items() if code == currency}
        is_told = any(day >= starts[0] for day in days)
        if is_told or sum(days.values()):
            for start in starts:
                own = sum(interval_start(day, interval) == start for day in days)
                stood = sum(minor for day, minor in days.items() if day < start)
                expected[currency, start] = (own + stood, stood)
    assert {(p.group[0], p.starts_on): (p.sums.value, p.sums.base) for p in points} == expected


@given(FACTS, INTERVALS, st.sampled_from([FLOW, STOCK]))
def test_what_no_rate_is_known_for_is_told_to_the_last_unit(facts, interval, metric):
    starts = list(interval_starts(FIRST, UNTIL, interval))
    apart = points_of(metric, rows(facts), (), starts, UNTIL, None)
    truth = {(one.starts_on, *one.group): one.sums.value for one in apart}
    together = points_of(metric, rows(facts), (), starts, UNTIL, Rates("EUR", []))
    told: Counter[tuple[date, str]] = Counter()
    for one in together:
        assert one.group == ("EUR",)
        told[one.starts_on, "EUR"] += one.sums.value
        told.update({(one.starts_on, code): minor for code, minor in one.unconverted.items()})
    assert {key: minor for key, minor in told.items() if minor} == {
        key: minor for key, minor in truth.items() if minor
    }


@given(
    AMOUNTS, st.sampled_from(["EUR", "JPY", "KWD"]), st.sampled_from(["USD", "CLP", "BHD"]),
    st.decimals("0.000001", "100000", places=6), st.booleans(),
)  # fmt: skip
def test_a_conversion_is_the_exact_product_rounded_once(minor, base, target, rate, is_inverse):
    pair = (target, base) if is_inverse else (base, target)
    rates = Rates(target, [Rate(*pair, FIRST, rate, TOLD, "")])
    factor = 1 / Fraction(rate) if is_inverse else Fraction(rate)
    exact = Fraction(minor, 10 ** exponent(base)) * factor * 10 ** exponent(target)
    told = rates.convert(minor, base, UNTIL)
    assert told == half_up(exact)
    assert abs(told - exact) <= Fraction(1, 2)
    # Before its first day no rate holds.
    assert rates.convert(minor, base, FIRST - timedelta(days=1)) == (None if minor else 0)


def test_the_newest_rate_holds_and_a_told_one_goes_first_on_its_day():
    def rate(day: int, text: str, source: str, base: str = "USD", quote: str = "EUR") -> Rate:
        return Rate(base, quote, date(2024, 1, day), Decimal(text), source, "")

    rates = Rates("EUR", [
        rate(5, "0.90", "stripe"), rate(5, "0.91", TOLD), rate(9, "0.95", "stripe"),
        rate(1, "150", TOLD, "USD", "JPY"),
    ])  # fmt: skip
    on = [rates.convert(10_000, "USD", date(2024, 1, day)) for day in (4, 5, 8, 9, 30)]
    assert on == [None, 9_100, 9_100, 9_500, 9_500]
    # Yen by way of the dollar: 15,000 / 150 = 100.00 USD.
    assert rates.convert(15_000, "JPY", date(2024, 1, 9)) == 9_500
    assert rates.convert(15_000, "GBP", date(2024, 1, 9)) is None
