"""Are rates that the data holds of major units, and of what the processor has not taken back?"""

from datetime import date
from decimal import Decimal

from core.tenancy import TenantId
from core.warehouse import Warehouse
from serving.exchange_rates.queries import OBSERVED
from serving.exchange_rates.router import plain
from serving.metrics.rates import Rate, Rates
from tests.dbt.company import Company
from tests.dbt.converted_rows import WORKSPACE

DAYS = [date(2026, 1, day) for day in (1, 2, 3)]


def known(warehouse: Warehouse) -> list[Rate]:
    """The rates, as the API reads them."""
    return [
        Rate(row["base_currency"], row["quote_currency"], row["day"], Decimal(row["rate"]),
             row["source"], row["source_id"])
        for row in warehouse.tenant_rows(TenantId(WORKSPACE), OBSERVED)
    ]  # fmt: skip


def test_rates_are_of_major_units_and_of_what_is_still_there(
    built: Warehouse, company: Company
) -> None:
    """Euro per yen, dinar, krona and ariary; yen per dollar. One movement of the first is gone."""
    told = {
        (one.base, one.quote, one.day): (plain(one.rate), one.source_id) for one in known(built)
    }
    assert told == {
        ("JPY", "EUR", DAYS[0]): ("0.0058", "txn_jpy"),
        ("KWD", "EUR", DAYS[0]): ("2.95", "txn_kwd"),
        ("ISK", "EUR", DAYS[0]): ("0.0069", "txn_isk"),
        ("MGA", "EUR", DAYS[0]): ("0.0002", "txn_mga"),
        ("GBP", "EUR", DAYS[0]): ("1.168", "txn_gbp"),
        ("USD", "JPY", DAYS[0]): ("150", "txn_usd"),
        ("JPY", "EUR", DAYS[2]): ("0.0061", "txn_noon"),
    }


def test_what_the_processor_converted_is_converted_to_the_same(
    built: Warehouse, company: Company
) -> None:
    """Minor units as we count them: 20,000 ariary have hundredths here, and none at Stripe."""
    rates = known(built)
    for amount, currency, target, settled in [
        (1_500, "JPY", "EUR", 870),
        (10_000, "KWD", "EUR", 2_950),
        (500, "ISK", "EUR", 345),
        (2_000_000, "MGA", "EUR", 400),
        (1_000, "GBP", "EUR", 1_168),
        (1_000, "USD", "JPY", 1_500),
        (870, "EUR", "JPY", 1_500),
    ]:
        assert Rates(target, rates).convert(amount, currency, DAYS[0]) == settled, currency
    # By way of the yen: 1,500 yen are 870 cents.
    assert Rates("EUR", rates).convert(1_000, "USD", DAYS[1]) == 870
