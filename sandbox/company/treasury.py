"""How does the company's money move beside its customers' payments?

Payouts, top-ups, transfers, fees.

Every balance movement falls into a slot,
the day of the automatic payout that takes it: the first payout
day on which its funds are available (business days; Mondays for GBP). A slot whose balance is not
positive is carried into the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox.company.calendar import DAY, add_months, business_day
from sandbox.company.catalog import SETTLEMENT
from sandbox.company.facts import Entry

PAYOUT_SECOND = 6 * 3_600
WEEKLY = frozenset({"gbp"})
BANK_ACCOUNTS = {"eur": "ba_1NwBankEUR", "usd": "ba_1NwBankUSD", "gbp": "ba_1NwBankGBP"}
SETTLEMENT_CURRENCIES = tuple(sorted(set(SETTLEMENT.values())))


@dataclass(frozen=True, slots=True)
class Payout:
    """Money sent to the bank: every movement of the slots after `after_slot` up to `slot`."""

    id: str
    currency: str
    amount: int
    created: int
    arrival: int
    after_slot: int
    slot: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Movement:
    """A top-up, transfer, application fee or the provider's own fee, with its balance entry."""

    kind: str
    id: str
    amount: int
    created: int
    currency: str
    entry: Entry


def slot_of(entry: Entry) -> int:
    """The day number of the automatic payout that takes a movement."""
    day = entry.available_on // DAY
    if entry.created >= day * DAY + PAYOUT_SECOND:
        day = entry.created // DAY + 1
    day = business_day(day)
    if entry.currency in WEEKLY:
        weekday = (day + 3) % 7
        day += (7 - weekday) % 7
    return day


def movements(start: int, until: int) -> Iterator[Movement]:
    """What the company does every month by itself."""
    month = 0
    while True:
        at = add_months(start, month) + 9 * 3_600
        if at >= until:
            return
        plan = [
            ("topup", "tu", "eur", 150_000),
            ("application_fee", "fee", "usd", 1_250 + 10 * month),
        ]
        if month >= 2:
            plan.append(("transfer", "tr", "eur", -(40_000 + 1_000 * month)))
        plan += [
            ("stripe_fee", "sfee", currency, -(450 + 25 * month))
            for currency in SETTLEMENT_CURRENCIES
        ]
        for number, (kind, prefix, currency, amount) in enumerate(plan):
            happens_at = at + number * 3_700
            if happens_at >= until:
                return
            identity = f"{prefix}_1NwMonth{month:03d}{currency.upper()}"
            entry = Entry(
                id=f"txn_1NwMonth{month:03d}{number}{currency.upper()}",
                created=happens_at,
                available_on=(
                    happens_at // DAY + (4 if kind == "topup" else 1 if amount > 0 else 0)
                )
                * DAY,
                type=kind,
                category={"application_fee": "platform_earning", "stripe_fee": "fee"}.get(
                    kind, kind
                ),
                amount=amount,
                fee=0,
                currency=currency,
                source=identity,
                description={"stripe_fee": "Billing - Usage Fee"}.get(kind, kind.replace("_", " ")),
            )
            yield Movement(kind, identity, abs(amount), happens_at, currency, entry)
        month += 1


def payouts(slots: Mapping[tuple[str, int], int], until: int) -> Iterator[Payout]:
    """The automatic payouts that follow from the sums of the slots, oldest first per currency."""
    for currency in SETTLEMENT_CURRENCIES:
        carried, after = 0, 0
        for number, day in enumerate(sorted(day for key, day in slots if key == currency)):
            created = day * DAY + PAYOUT_SECOND
            if created >= until:
                break
            carried += slots[currency, day]
            if carried <= 0:
                continue
            arrival = business_day(day + (1 if currency == "eur" else 2)) * DAY
            identity = f"po_1NwPayout{number:04d}{currency.upper()}"
            entry = Entry(
                id=f"txn_1NwPayout{number:04d}{currency.upper()}",
                created=created,
                available_on=arrival,
                type="payout",
                category="payout",
                amount=-carried,
                fee=0,
                currency=currency,
                source=identity,
                description="STRIPE PAYOUT",
            )
            yield Payout(identity, currency, carried, created, arrival, after, day, entry)
            carried, after = 0, day
