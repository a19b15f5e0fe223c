"""Money is exact, in every exponent, and never quietly wrong."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.money import EXPONENTS, STRIPE_EXPONENTS, Money, exponent, format_minor, from_stripe

CURRENCIES = sorted({*EXPONENTS, "USD", "EUR", "GBP", "HUF", "TWD", "MGA", "IDR"})
AMOUNTS = st.integers(-(2**63), 2**63 - 1)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("42.50", "USD", 4250),
        ("-42.50", "EUR", -4250),
        ("500", "JPY", 500),
        ("5.120", "KWD", 5120),
        ("5.12", "KWD", 5120),
        ("0.0001", "CLF", 1),
        ("72.10", "GBP", 7210),
        ("1e2", "USD", 10000),
    ],
)
def test_a_decimal_text_lands_as_exact_minor_units(text, currency, minor):
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("42.505", "USD"),
        ("500.5", "JPY"),
        ("NaN", "USD"),
        ("Infinity", "USD"),
        ("", "USD"),
        ("12,50", "EUR"),
        ("1" * 30, "USD"),
        ("1", "usd"),
        ("1", "US"),
        ("1", "ÄÖÜ"),
    ],
)
def test_what_is_no_exact_amount_is_refused(text, currency):
    with pytest.raises(InvalidInputError):
        Money.parse(text, currency)


@given(AMOUNTS, st.sampled_from(CURRENCIES))
def test_text_and_minor_units_are_each_others_inverse(minor, currency):
    text = format_minor(minor, currency)
    assert Money.parse(text, currency).amount_minor == minor
    assert Decimal(text) == Decimal(minor).scaleb(-exponent(currency))


@given(st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40), st.sampled_from(CURRENCIES))
def test_adding_and_taking_away_is_exact(left, right, currency):
    total = Money(left, currency) + Money(right, currency)
    assert total.amount_minor == left + right
    assert total - Money(right, currency) == Money(left, currency)
    assert -total == Money(-left - right, currency)


def test_two_currencies_do_not_add_up():
    with pytest.raises(InvalidInputError):
        Money(1, "USD") + Money(1, "EUR")


@pytest.mark.parametrize("wrong", [1.0, True, "1", None])
def test_an_amount_is_a_whole_number(wrong):
    with pytest.raises(InvalidInputError):
        Money(wrong, "USD")


@given(st.integers(min_value=2**63) | st.integers(max_value=-(2**63) - 1))
def test_an_amount_beyond_64_bits_is_refused(amount):
    with pytest.raises(InvalidInputError):
        Money(amount, "USD")


@pytest.mark.parametrize(
    ("wire", "currency", "expected"),
    [
        (1099, "usd", Money(1099, "USD")),
        (500, "jpy", Money(500, "JPY")),
        (5120, "kwd", Money(5120, "KWD")),
        (500, "isk", Money(5, "ISK")),  # "to charge 5 ISK, provide an amount value of 500"
        (500, "ugx", Money(5, "UGX")),
        (500, "mga", Money(50000, "MGA")),  # 500 ariary; ISO gives the ariary two decimals
        (-1045, "huf", Money(-1045, "HUF")),
    ],
)
def test_stripes_wire_unit_becomes_iso_minor_units(wire, currency, expected):
    assert from_stripe(wire, currency) == expected


def test_a_fraction_that_stripe_cannot_mean_is_refused():
    with pytest.raises(InvalidInputError):
        from_stripe(550, "isk")


def test_the_exception_table_differs_from_isos_where_it_says_so():
    assert all(places != exponent(code) for code, places in STRIPE_EXPONENTS.items())
