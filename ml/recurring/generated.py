"""What can recurring detection be measured on? Generated statements with known series.

Series drift by weekends and a clerk's days, change price, vary like a power bill, miss payments and
start or end midway; some sit among other purchases of the same merchant. The hard negatives are
irregular purchases of one merchant: fuel every week or so, the same coffee at the same price on
odd days, bursts of travel, a marketplace several times a week.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from ml.recurring.cadences import CADENCES, Cadence

START = date(2021, 1, 1)
END = date(2024, 12, 31)


@dataclass(frozen=True, slots=True)
class Statement:
    """Transactions, and the true series as (cadence, positions)."""

    rows: pl.DataFrame
    truth: list[tuple[str, frozenset[int]]]


def statement(seed: int, merchants: int = 60) -> Statement:
    """Generate the transactions of one workspace.

    Parameters
    ----------
    seed
        The same seed gives the same statement.
    merchants
        Half of them with a series, of these a third among other purchases.

    Returns
    -------
    Statement
        Rows as `ml.recurring.series` takes them.
    """
    draw = random.Random(seed)  # noqa: S311  # reproducible, nothing secret
    rows: list[tuple[str, date, int]] = []
    truth: list[tuple[str, frozenset[int]]] = []
    for number in range(merchants):
        name = f"merchant {number}"
        if number % 2 == 0:
            cadence = draw.choice(CADENCES)
            paid = _series(draw, cadence)
            first = len(rows)
            rows += [(name, day, amount) for day, amount in paid]
            if len(paid) >= 3:
                truth.append((cadence.name, frozenset(range(first, len(rows)))))
            if number % 6 == 0:
                rows += [(name, day, amount) for day, amount in _sporadic(draw)]
        else:
            kind = draw.choice([_sporadic, _fuel, _coffee, _trips, _marketplace])
            rows += [(name, day, amount) for day, amount in kind(draw)]
    frame = pl.DataFrame(
        {
            "provider": ["generated"] * len(rows),
            "merchant": [row[0] for row in rows],
            "booked_on": [row[1] for row in rows],
            "amount_minor": [-row[2] for row in rows],
            "currency": ["EUR"] * len(rows),
        }
    )
    return Statement(frame, truth)


def _series(draw: random.Random, cadence: Cadence) -> list[tuple[date, int]]:
    due = START + timedelta(days=draw.randint(0, 400))
    amount = draw.randint(300, 200_000)
    varies, weekends = draw.random() < 0.25, draw.random() < 0.6
    clerk = draw.choice([0.0, 0.0, 0.5, 1.0])
    most = max(int((END - due).days / cadence.length), 4)
    count = draw.randint(4, max(4, min(most, 40)))
    paid = []
    for index in range(count):
        if not varies and draw.random() < 0.03:
            amount = max(round(amount * draw.uniform(1.03, 1.3)), 1)
        day = cadence.after(due, index) + timedelta(days=round(draw.gauss(0, clerk)))
        if weekends and day.weekday() >= 5:
            day += timedelta(days=7 - day.weekday())
        if 0 < index < count - 1 and draw.random() < 0.03:
            continue
        exact = max(round(amount * draw.lognormvariate(0, 0.08)), 1) if varies else amount
        if day <= END:
            paid.append((day, exact))
    return paid


def _every(draw: random.Random, mean: float, least: int = 0) -> list[date]:
    days, day = [], START + timedelta(days=draw.randint(0, 200))
    while day <= END:
        days.append(day)
        day += timedelta(days=least + 1 + int(draw.expovariate(1 / mean)))
    return days


def _sporadic(draw: random.Random) -> list[tuple[date, int]]:
    days = _every(draw, draw.uniform(10, 90))
    return [(day, max(int(draw.lognormvariate(8, 1)), 50)) for day in days]


def _fuel(draw: random.Random) -> list[tuple[date, int]]:
    return [(day, draw.randint(3_500, 9_500)) for day in _every(draw, 5, least=4)]


def _coffee(draw: random.Random) -> list[tuple[date, int]]:
    prices = [draw.randint(250, 450) for _ in range(draw.randint(2, 5))]
    return [(day, draw.choice(prices)) for day in _every(draw, draw.uniform(3, 12))]


def _trips(draw: random.Random) -> list[tuple[date, int]]:
    trips = _every(draw, draw.uniform(40, 120))
    return [
        (trip + timedelta(days=offset), draw.randint(1_000, 60_000))
        for trip in trips
        for offset in range(draw.randint(1, 4))
    ]


def _marketplace(draw: random.Random) -> list[tuple[date, int]]:
    days = _every(draw, draw.uniform(1.5, 5))
    return [(day, draw.choice([999, 1499, 1999, draw.randint(300, 20_000)])) for day in days]
