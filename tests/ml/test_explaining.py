"""What facets say of lines as banks write them: category, tax line, purpose, receipt, payee."""

from datetime import date

import polars as pl
import pytest

from ml.category.taxonomy import categories, codes, group_of, of_merchant_code, of_plaid
from ml.enriching import enrich
from ml.merchants import known
from ml.tax_category.facet import lines as tax_lines

TODAY = date(2024, 6, 1)
FACETS = (
    "merchant", "category", "tax_category", "business_purpose", "receipt_required", "counterparty",
    "channel",
)  # fmt: skip


def said(text: str, amount: int = -1_000, currency: str = "USD", **more: str) -> dict[str, object]:
    """Say what every facet says of one line; None where it says nothing, or abstains."""
    row = {
        "provider": "plaid", "connection_id": "c", "id": "t", "merchant": text,
        "amount_minor": amount, "currency": currency, "booked_on": TODAY, **more,
    }  # fmt: skip
    found = enrich(pl.DataFrame([row]), as_of=TODAY, facets=FACETS)
    firsts = {name: found[name].row(0, named=True) for name in FACETS}
    return {name: None if one["abstained"] else one["value"] for name, one in firsts.items()}


def values(*of: str | None) -> dict[str, str | None]:
    return dict(zip(FACETS, of, strict=True))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (("DELTA AIR LINES ATLANTA GA", -18_900, "USD"),
         values("Delta Air Lines", "travel.flights", "us_schedule_c:24a", "business", "yes",
                "business", None)),
        (("GITHUB, INC. HTTPSGITHUB.C CA", -8_400, "USD"),
         values("GitHub", "technology.software", "us_schedule_c:18", "business", "yes", "business",
                None)),
        (("UBER *TRIP HELP.UBER.COM CA", -2_040, "USD"),
         values("Uber", "transportation.taxis", "us_schedule_c:24a", "business", "no", "business",
                "card")),
        (("DB VERTRIEB GMBH//FRANKFURT/DE 05/12", -4_990, "EUR"),
         values("Deutsche Bahn", "transportation.public_transit", "datev_skr03:4673", "business",
                "yes", "business", None)),
        (("SEPA-UEBERWEISUNG SVWZ+LOHN/GEHALT 05/2024 1. HAELFTE FEMKE JANSEN", -198_000, "EUR"),
         values("Femke Jansen", "people.payroll",
                "datev_skr03:4120", "business", "no", "person", "sepa")),
        (("MONTHLY MAINTENANCE FEE", -1_800, "USD"),
         values("Monthly Maintenance Fee", "bank_fees.account", "us_schedule_c:27b", "business",
                "no", "bank", "fee")),
        (("IRS USATAXPYMT 270465 CCD", -45_000, "USD"),
         values("IRS", "government.taxes", "us_schedule_c:23", "mixed", "no", "government",
                "ach")),
        (("STRIPE TRANSFER ST-X1Y2", 512_300, "USD"),
         values("Stripe", "transfers.payouts", "us_schedule_c:none", None, None, None, None)),
        (("PREMIER INN 44519 LONDON GB", -8_950, "GBP"),
         values("Premier Inn", "travel.lodging", "uk_self_assessment:20", "business", "yes",
                "business", None)),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_what_is_said_of_a_line(line, expected):
    assert said(*line) == expected


def test_a_merchants_code_goes_before_its_name_and_a_name_before_the_providers_word():
    assert said("SHELL 12345", merchant_category_code="5411")["category"] == (
        "food_and_drink.groceries"
    )
    assert said("SHELL 12345", provider_category="TRAVEL_FLIGHTS")["category"] == (
        "transportation.fuel"
    )
    assert said("QWERTZ 1", provider_category="TRAVEL_FLIGHTS")["category"] == "travel.flights"
    assert said("QWERTZ 1")["category"] is None


@pytest.mark.parametrize(
    ("amount", "currency", "text", "required", "citation"),
    [
        (-7_499, "USD", "STAPLES 1", "no", "1.274-5(c)(2)(iii)(A)(2)"),
        (-7_500, "USD", "STAPLES 1", "yes", "1.274-5(c)(2)(iii)(A)(2)"),
        (-100, "USD", "PREMIER INN", "yes", "1.274-5(c)(2)(iii)(A)(1): lodging"),
        (-25_000, "GBP", "STAPLES 1", "yes", "simplified"),
        (-25_001, "GBP", "STAPLES 1", "yes", "full VAT invoice"),
        (-25_000, "EUR", "STAPLES 1", "yes", "simplified"),
        (-25_001, "EUR", "STAPLES 1", "yes", "full invoice"),
        (-25_001, "JPY", "STAPLES 1", None, ""),
        (7_500, "USD", "STAPLES 1", None, ""),
    ],
)
def test_the_receipts_rule_at_its_bounds(amount, currency, text, required, citation):
    row = pl.DataFrame(
        {"provider": ["plaid"], "id": ["t"], "merchant": [text], "amount_minor": [amount],
         "currency": [currency]}
    )  # fmt: skip
    (found,) = enrich(row, as_of=TODAY, facets=["receipt_required"])["receipt_required"].to_dicts()
    assert found["value"] == required
    if required:
        assert citation in found["evidence"]


def test_tables_agree_with_the_taxonomy():
    known_codes = codes()
    assert set(of_merchant_code().values()) <= known_codes
    assert set(of_plaid().values()) <= known_codes
    assert {one.category for one in known.merchants().values()} <= known_codes
    assert set(tax_lines()["category"]) <= known_codes
    assert all("." in code and group_of(code) for code in categories())
    assert len(of_merchant_code()) > 950


def test_a_company_that_is_also_a_word_is_not_read_into_other_names():
    assert known.find("orange") is not None
    assert known.find("orange county dental") is None
    assert known.find("apple tree nursery") is None
    assert known.find("blue bottle coff") == known.merchants()["blue bottle coffee"]
    assert known.find("blue bottle") is None, "too short to be one name cut off"
    assert known.find("shell fiveways") == known.merchants()["shell"]
