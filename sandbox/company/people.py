"""Who are the customers?

Name, place, currency, tax and first signup of customer number n, from the seed alone.
"""

from __future__ import annotations

from hashlib import blake2b
from random import Random

from sandbox.company.catalog import HOME_COUNTRY, TAX_RATES
from sandbox.company.facts import Customer, Method

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

# Fates of the first customers, so that even the smallest company has one of everything.
FATES = {
    3: "gulf",
    5: "enterprise",
    7: "late",
    9: "hard_decline",
    11: "dispute_lost",
    13: "dispute_won",
    15: "refund_full",
    17: "refund_partial",
    19: "comes_back",
    21: "deleted",
    23: "debit_fails",
    25: "authenticates",
    27: "japan",
    29: "expired_card",
    31: "trial_converts",
    33: "trial_ends",
    35: "upgrades",
    37: "downgrades",
    39: "incomplete",
    41: "annual_upgrade",
    43: "retried",
}
_FATE_COUNTRY = {
    "gulf": "KW",
    "japan": "JP",
    "debit_fails": "DE",
    "enterprise": "US",
    "annual_upgrade": "GB",
}

_COUNTRIES = (
    ("DE", "eur", 16, ("Berlin", "Hamburg", "Munich"), ("10115", "20095", "80331")),
    ("FR", "eur", 9, ("Paris", "Lyon"), ("75001", "69001")),
    ("NL", "eur", 7, ("Amsterdam", "Utrecht"), ("1012", "3511")),
    ("ES", "eur", 7, ("Madrid", "Valencia"), ("28001", "46001")),
    ("IE", "eur", 6, ("Dublin", "Cork"), ("D02", "T12")),
    (
        "US",
        "usd",
        27,
        ("Austin", "Denver", "Boston", "Portland"),
        ("78701", "80202", "02108", "97201"),
    ),
    ("CA", "usd", 3, ("Toronto",), ("M5H",)),
    ("GB", "gbp", 15, ("London", "Leeds", "Bristol"), ("EC1A", "LS1", "BS1")),
    ("JP", "jpy", 8, ("Tokyo", "Osaka"), ("100-0001", "530-0001")),
    ("KW", "kwd", 2, ("Kuwait City",), ("15000",)),
)
_BY_COUNTRY = {row[0]: row for row in _COUNTRIES}
_WEIGHTS = tuple(row[2] for row in _COUNTRIES)
_FIRST = (
    "Ada",
    "Bruno",
    "Chiara",
    "Dmitri",
    "Elif",
    "Femke",
    "Goran",
    "Hana",
    "Ines",
    "Jonas",
    "Keiko",
    "Liam",
    "Maya",
    "Noor",
    "Oskar",
    "Priya",
)
_LAST = (
    "Abbott",
    "Berg",
    "Costa",
    "Duarte",
    "Eriksen",
    "Fischer",
    "Garcia",
    "Hughes",
    "Ivanov",
    "Jansen",
    "Kimura",
    "Larsen",
    "Moreau",
    "Novak",
)
_FIRMS = (
    "Labs",
    "Studio",
    "Logistics",
    "Foods",
    "Robotics",
    "Media",
    "Health",
    "Energy",
    "Travel",
    "Capital",
    "Works",
    "Garden",
    "Optics",
)
_BRANDS = (("visa", 55), ("mastercard", 30), ("amex", 10), ("discover", 5))
_STREETS = (
    "Market Street",
    "Mill Lane",
    "Station Road",
    "Harbour Quay",
    "King Street",
    "Garden Row",
)


def random_of(seed: int, *path: object) -> Random:
    """An own random stream for one thing, independent of every other's."""
    text = f"{seed}/{'/'.join(map(str, path))}"
    return Random(  # noqa: S311 - a repeatable company, no secret
        int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
    )


def token_of(seed: int, index: int) -> str:
    """Eleven letters that only this customer's ids carry."""
    number = int.from_bytes(blake2b(f"{seed}:{index}".encode(), digest_size=8).digest(), "big")
    letters = []
    for _ in range(11):
        number, rest = divmod(number, 59)
        letters.append(_ALPHABET[rest])
    return "".join(letters)


def meet(seed: int, index: int, created: int, random: Random) -> Customer:
    """Customer number `index`, before anything was sold to them."""
    fate = FATES.get(index)
    row = (
        _BY_COUNTRY[_FATE_COUNTRY[fate]]
        if fate in _FATE_COUNTRY
        else random.choices(_COUNTRIES, _WEIGHTS)[0]
    )
    country, currency, _, cities, codes = row
    place = random.randrange(len(cities))
    first, last = random.choice(_FIRST), random.choice(_LAST)
    firm = f"{last} {random.choice(_FIRMS)}"
    token = token_of(seed, index)
    business = country in TAX_RATES and random.random() < 0.35
    reverse_charge = business and country not in (HOME_COUNTRY, "GB", "JP")
    customer = Customer(
        index=index,
        token=token,
        id="",
        created=created,
        name=firm,
        email=f"{first.lower()}.{last.lower()}{index}@example.com",
        country=country,
        city=cities[place],
        line1=f"{random.randrange(1, 180)} {random.choice(_STREETS)}",
        postal_code=codes[place],
        currency=currency,
        tax_rate=None if reverse_charge else TAX_RATES.get(country),
        vat_id=f"{country}{random.randrange(10**8, 10**9)}" if business else None,
        vat_object_id=None,
        phone=f"+{random.randrange(10**10, 10**11)}" if random.random() < 0.4 else None,
        prefix=token[:8].upper(),
    )
    customer.id = customer.new_id("cus")
    if business:
        customer.vat_object_id = customer.new_id("txi")
    return customer


def new_method(customer: Customer, created: int, random: Random, kind: str = "card") -> Method:
    """A method that a customer adds; it becomes the newest of `customer.methods`."""
    brand = (
        random.choices([name for name, _ in _BRANDS], [weight for _, weight in _BRANDS])[0]
        if kind == "card"
        else "sepa"
    )
    method = Method(
        id=customer.new_id("pm"),
        kind=kind,
        brand=brand,
        last4=f"{random.randrange(10_000):04d}",
        exp_month=random.randrange(1, 13),
        exp_year=random.randrange(2027, 2032),
        country=customer.country,
        funding=random.choice(("credit", "credit", "debit")),
        fingerprint=f"{random.getrandbits(64):016x}",
        created=created,
        setup_id=customer.new_id("seti"),
        setup_attempt_id=customer.new_id("setatt"),
    )
    customer.methods.append(method)
    return method
