"""What does the company sell, at which prices, taxes, discounts, fees and exchange rates?

Data only, plus the pure functions that turn it into money: `convert`, `wire_rate`,
`processing_fee` and `round_half_up`. All amounts are integers in the currency's minor unit.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY = 86_400
EXPONENTS = {"eur": 2, "usd": 2, "gbp": 2, "jpy": 0, "kwd": 3}
SETTLEMENT = {"eur": "eur", "usd": "usd", "gbp": "gbp", "jpy": "eur", "kwd": "eur"}
COMPANY_NAME = "Northwind Analytics"


@dataclass(frozen=True, slots=True)
class Product:
    """One thing sold."""

    key: str
    id: str
    name: str
    description: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Meter:
    """What counts the use of something that is billed by use."""

    id: str
    name: str
    event_name: str


@dataclass(frozen=True, slots=True, eq=False)
class Price:
    """What one unit of a product costs per interval.

    A metered price has a meter, and may cost parts of a minor unit: `unit_ten_thousandths`.
    """

    id: str
    product: Product
    currency: str
    interval: str
    unit_amount: int
    nickname: str
    active: bool = True
    tier: int = 0
    meter: Meter | None = None
    unit_ten_thousandths: int = 0

    @property
    def unit_decimal(self) -> str:
        """The unit amount as the provider writes it: minor units, with decimals where needed."""
        if self.meter is None:
            return str(self.unit_amount)
        whole, part = divmod(self.unit_ten_thousandths, 10_000)
        return f"{whole}.{part:04d}".rstrip("0").rstrip(".")

    @property
    def months(self) -> int:
        """How many months one period of this price lasts."""
        return 12 if self.interval == "year" else 1


@dataclass(frozen=True, slots=True)
class Coupon:
    """A discount that can be given: percent or a fixed amount, once, for months, or forever."""

    id: str
    name: str
    percent_off: int | None
    amount_off: int | None
    currency: str | None
    duration: str
    months: int | None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class TaxRate:
    """One jurisdiction's rate, in hundredths of a percent."""

    id: str
    country: str
    name: str
    basis_points: int


PRODUCTS = (
    Product("starter", "prod_NwStarter0001", "Starter", "Dashboards for small teams"),
    Product("growth", "prod_NwGrowth00002", "Growth", "Pipelines and alerts for growing teams"),
    Product(
        "scale", "prod_NwScale000003", "Scale", "Everything, with single sign-on and audit log"
    ),
    Product("packs", "prod_NwPacks000004", "Data packs", "Market data added to a plan"),
    Product("legacy", "prod_NwLegacy00005", "Legacy", "The plan before launch", deleted=True),
)
STARTER, GROWTH, SCALE, PACKS, LEGACY = PRODUCTS

# Monthly unit amounts per seat; the annual price is ten months. KWD has three decimals, the
# last one zero.
MONTHLY = {
    "eur": (1_900, 4_900, 9_900),
    "usd": (2_100, 5_300, 10_900),
    "gbp": (1_700, 4_300, 8_700),
    "jpy": (2_900, 7_400, 14_900),
    "kwd": (6_250, 16_120, 32_900),
}
PACK_NAMES = (
    "Benelux",
    "DACH",
    "Nordics",
    "Iberia",
    "Balkans",
    "Baltics",
    "UK",
    "US East",
    "US West",
    "Japan",
    "Gulf",
    "Brazil",
    "India",
)


def _prices() -> dict[tuple[str, str, int], Price]:
    found: dict[tuple[str, str, int], Price] = {}
    for currency, amounts in MONTHLY.items():
        for tier, amount in enumerate(amounts):
            product = PRODUCTS[tier]
            for interval, unit in (("month", amount), ("year", amount * 10)):
                name = f"{product.name} {interval}ly {currency.upper()}"
                identity = f"price_1Nw{product.key.title()}{interval.title()}{currency.upper()}"
                found[currency, interval, tier] = Price(
                    identity, product, currency, interval, unit, name, tier=tier
                )
    return found


PRICES = _prices()
PACK_PRICES = {
    currency: tuple(
        Price(
            f"price_1NwPack{number:02d}{currency.upper()}",
            PACKS,
            currency,
            "month",
            1_500 + 250 * number,
            f"{name} pack",
            tier=9,
        )
        for number, name in enumerate(PACK_NAMES)
    )
    for currency in ("eur", "usd")
}
LEGACY_PRICE = Price(
    "price_1NwLegacyMonthEUR",
    LEGACY,
    "eur",
    "month",
    900,
    "Legacy monthly EUR",
    active=False,
    tier=9,
)
# Sold only by a company that is asked for with `metered`.
CALLS = Product("calls", "prod_NwCalls000006", "API calls", "Queries by machines")
CALLS_METER = Meter("mtr_test_61NwCalls00001", "API calls", "api_calls")
METERED_PRICES = {
    currency: Price(
        f"price_1NwCalls{currency.upper()}",
        CALLS,
        currency,
        "month",
        0,
        f"API calls {currency.upper()}",
        tier=9,
        meter=CALLS_METER,
        unit_ten_thousandths=part,
    )
    for currency, part in (
        ("eur", 4_000),
        ("usd", 4_500),
        ("gbp", 3_750),
        ("jpy", 6_000),
        ("kwd", 12_500),
    )
}
ALL_PRICES = (*PRICES.values(), *PACK_PRICES["eur"], *PACK_PRICES["usd"], LEGACY_PRICE)

COUPONS = {
    coupon.id: coupon
    for coupon in (
        Coupon("LAUNCH20", "20% for three months", 20, None, None, "repeating", 3),
        Coupon("PARTNER10", "10% forever", 10, None, None, "forever", None),
        Coupon("WELCOME10", "10 off the first invoice", None, 1_000, "eur", "once", None),
        Coupon("TEAM5", "5 off every invoice", None, 500, "usd", "forever", None),
        Coupon("BLACKFRIDAY", "Half price once", 50, None, None, "once", None, deleted=True),
    )
}

TAX_RATES = {
    rate.country: rate
    for rate in (
        TaxRate("txr_1NwVatIE", "IE", "VAT", 2_300),
        TaxRate("txr_1NwVatDE", "DE", "VAT", 1_900),
        TaxRate("txr_1NwVatFR", "FR", "VAT", 2_000),
        TaxRate("txr_1NwVatNL", "NL", "VAT", 2_100),
        TaxRate("txr_1NwVatES", "ES", "VAT", 2_100),
        TaxRate("txr_1NwVatGB", "GB", "VAT", 2_000),
        TaxRate("txr_1NwJctJP", "JP", "JCT", 1_000),
    )
}
HOME_COUNTRY = "IE"

# (basis points, fixed amount in the settlement currency) by presentment currency and method.
FEES = {
    ("eur", "card"): (150, 25),
    ("usd", "card"): (290, 30),
    ("gbp", "card"): (150, 20),
    ("jpy", "card"): (490, 25),
    ("kwd", "card"): (490, 25),
    ("eur", "sepa_debit"): (0, 35),
}
DISPUTE_FEES = {"eur": 2_000, "usd": 1_500, "gbp": 2_000}
# Euro per major unit of the foreign currency, in millionths, at the company's first day.
RATES_MICRO = {"jpy": 6_120, "kwd": 2_950_000}


def round_half_up(numerator: int, denominator: int) -> int:
    """Divide integers, a half going up (away from zero for negative numbers)."""
    if numerator < 0:
        return -((-numerator * 2 + denominator) // (denominator * 2))
    return (numerator * 2 + denominator) // (denominator * 2)


def exchange_rate_micro(currency: str, at: int) -> int | None:
    """Euro per major unit in millionths on a day, None where the currency settles as itself."""
    base = RATES_MICRO.get(currency)
    if base is None:
        return None
    day = at // DAY
    return base + base * ((day * 7_919) % 401 - 200) // 10_000


def wire_rate(currency: str, rate_micro: int | None) -> str | None:
    """The rate as the provider names it: one of minor units, 0.612 cents per yen."""
    if rate_micro is None:
        return None
    places = 6 + EXPONENTS[currency] - EXPONENTS[SETTLEMENT[currency]]
    whole, rest = divmod(rate_micro, 10**places)
    return f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".")


def convert(amount: int, currency: str, rate_micro: int | None) -> int:
    """Presentment minor units into settlement minor units at a rate."""
    if rate_micro is None:
        return amount
    target = EXPONENTS[SETTLEMENT[currency]]
    return round_half_up(amount * rate_micro * 10**target, 1_000_000 * 10 ** EXPONENTS[currency])


def processing_fee(settled: int, currency: str, method: str) -> int:
    """The provider's fee on one successful payment, in the settlement currency."""
    basis_points, fixed = FEES[currency, method]
    return round_half_up(settled * basis_points, 10_000) + fixed
