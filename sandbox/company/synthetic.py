"""How is a company with any number of payouts made, without living its customers' lives?

For judging reconciliation at sizes that eighteen months of one company do not reach.
"""

from __future__ import annotations

from datetime import date
from random import Random

from sandbox.company.bank_life import BankSpec
from sandbox.company.calendar import DAY, business_day, day_of, midnight
from sandbox.company.mishaps import PayoutFact
from sandbox.company.people import random_of
from sandbox.company.treasury import PAYOUT_SECOND, WEEKLY

_CURRENCIES = ("eur", "usd", "gbp")
# Deposits of whole amounts collide: one payout in twenty is one of these.
_ROUND = (50_000, 100_000, 125_000, 250_000)


def company_of(seed: int, number: int, until: date) -> BankSpec:
    """A company that ends on a day with so many payouts: EUR and USD daily, GBP on Mondays."""
    until_at = midnight(until)
    random = random_of(seed, "synthetic")
    payouts: list[PayoutFact] = []
    day = until_at // DAY - 1
    while len(payouts) < number:
        if business_day(day) == day:
            monday = (day + 3) % 7 == 0
            for currency in _CURRENCIES:
                if len(payouts) < number and (monday or currency not in WEEKLY):
                    payouts.append(_payout(random, currency, day))
        day -= 1
    start_at = midnight(day_of(day * DAY).replace(day=1))
    return BankSpec(seed, start_at, until_at, tuple(reversed(payouts)))


def _payout(random: Random, currency: str, day: int) -> PayoutFact:
    amount = random.choice(_ROUND) if random.random() < 0.05 else random.randrange(9_000, 900_000)
    arrival = business_day(day + (1 if currency == "eur" else 2)) * DAY
    trace = f"NWTRACE{day}{currency.upper()}"
    identity = f"po_1Nw{random.getrandbits(64):016x}{currency.upper()}"
    return PayoutFact(identity, currency, amount, day * DAY + PAYOUT_SECOND, arrival, trace)
