"""A fee is what a provider, a bank's line or its text says it is, and nothing is made up."""

from datetime import date

import polars as pl
import pytest

from ml.enriching import enrich
from ml.fee.stated import stated

TODAY = date(2024, 6, 1)


def fees(*rows: dict[str, object]) -> list[tuple[str | None, float, str, bool]]:
    complete = [
        {"id": f"t{place}", "provider": "plaid", "amount_minor": -1_000, "currency": "EUR", **row}
        for place, row in enumerate(rows)
    ]
    frame = pl.DataFrame(complete, infer_schema_length=None)
    found = enrich(frame, as_of=TODAY, facets=["fee"])["fee"]
    return found.select("value", "confidence", "evidence", "abstained").rows()


@pytest.mark.parametrize("beside", [[], [{"merchant": "SHELL"}]], ids=["alone", "among others"])
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {"provider": "stripe", "type": "charge", "amount_minor": 4_900, "currency": "USD",
             "fee_minor": 172, "fee_currency": "EUR"},
            ("1.72 EUR", 0.99, "The provider's own ledger deducted it from 49.00 USD.", False),
        ),
        (
            {"provider": "stripe", "type": "charge", "amount_minor": 4_900, "currency": "JPY",
             "fee_minor": 206, "fee_currency": "JPY"},
            ("206 JPY", 0.99, "The provider's own ledger deducted it from 4900 JPY.", False),
        ),
        (
            {"provider": "stripe", "type": "fee", "amount_minor": -2_000, "currency": "USD"},
            ("20.00 USD", 0.99, "The line is itself a fee (bank_fees.payment_processing).", False),
        ),
        (
            {"merchant": "INCOMING WIRE FEE", "amount_minor": -2_500, "currency": "USD"},
            ("25.00 USD", 0.95, "The line is itself a fee (bank_fees.account).", False),
        ),
        (
            {"merchant": "AMAZON US 25,00 USD ENTGELT 0,44 EUR"},
            ("0.44 EUR", 0.85,
             "The line's own text states it: 'AMAZON US 25,00 USD ENTGELT 0,44 EUR'.", False),
        ),
        # Given back, and not a fee: nothing is said.
        ({"provider": "stripe", "type": "refund", "fee_minor": -30, "fee_currency": "EUR"},
         (None, 0.0, "", True)),
        ({"merchant": "WIRE FEE REFUND", "amount_minor": 2_500}, (None, 0.0, "", True)),
        ({"merchant": "SHELL 12345"}, (None, 0.0, "", True)),
    ],
)  # fmt: skip
def test_what_is_said_of_a_fee(row, expected, beside):
    assert fees(row, *beside)[0] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FX FEE EUR 0,75", (75, "EUR")),
        ("AUSLANDSEINSATZENTGELT 1.20 EUR", (120, "EUR")),
        ("FRAIS 3.00 CHF", (300, "CHF")),
        ("WIRE FEE 25.00", (None, None)),
        ("FEE JPY 25.00", (None, None)),
        ("FEE EUR 1.234,50", (None, None)),
        ("COFFEE EUR 4.50", (None, None)),
        ("TOFFEE 4.50 EUR", (None, None)),
    ],
)
def test_a_stated_fee_needs_its_word_its_currency_and_plain_hundredths(text, expected):
    assert stated(text) == expected
