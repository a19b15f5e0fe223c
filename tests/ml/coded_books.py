"""Which coded history do the tests learn from? A small generated one, with one rule per row."""

import random
from datetime import date, timedelta

import polars as pl

# merchant, unit (None: any) → account. The florist is split by unit, the store by amount.
RULES = {
    ("shell kings 587", None): "Fuel",
    ("post office counter 12", None): "Postage",
    ("city florist", "events"): "Hospitality",
    ("city florist", "office"): "Decoration",
    ("trainline.com", None): "Travel",
    ("paper world 88", None): "Stationery",
}


def account_of(merchant: str, unit: str, amount_minor: int) -> str:
    if merchant == "everything store":
        return "Equipment" if amount_minor <= -10_000 else "Supplies"
    return RULES.get((merchant, unit)) or RULES[merchant, None]


def coded_books(months: int = 12, a_month: int = 60, seed: int = 7) -> pl.DataFrame:
    """Generate purchases of whole months from January 2023, coded by the rules, in time order."""
    draw = random.Random(seed)
    merchants = sorted({merchant for merchant, _ in RULES} | {"everything store"})
    rows = []
    for month in range(months):
        first = date(2023 + month // 12, month % 12 + 1, 1)
        for _ in range(a_month):
            merchant, unit = draw.choice(merchants), draw.choice(["events", "office"])
            amount = -draw.choice([draw.randint(100, 4_000), draw.randint(20_000, 90_000)])
            rows.append(
                {
                    "provider": "plaid",
                    "merchant": merchant,
                    "amount_minor": amount,
                    "booked_on": first + timedelta(days=draw.randint(0, 27)),
                    "unit": unit,
                    "account": account_of(merchant, unit, amount),
                }
            )
    return pl.DataFrame(rows).sort("booked_on", maintain_order=True)
