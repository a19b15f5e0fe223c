"""Which retries does a company's life hold, and how likely was each? To learn from, and to judge.

A retry is the same method asked again after a refusal, by the provider's schedule: what a customer
starts by themselves, with another card or not, is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.company.facts import NEVER
from sandbox.company.life import live
from sandbox.company.payments import DECLINES
from sandbox.company.people import FATES


@dataclass(frozen=True, slots=True)
class PastRetry:
    """One retry; `chance` is what it was drawn with."""

    decline_code: str
    attempt_number: int
    amount_minor: int
    currency: str
    country: str
    customer_since: int
    attempted_at: int
    is_paid: bool
    chance: float


def retries(seed: int, customers: int, start: int, until: int) -> Iterator[PastRetry]:
    """Every retry of so many customers' lives, of those whose fate was not written beforehand."""
    for index in range(customers):
        if index in FATES:
            continue
        customer = live(seed, index, start, until)
        for invoice in customer.invoices:
            for number, (before, after) in enumerate(
                zip(invoice.attempts, invoice.attempts[1:], strict=False), start=2
            ):
                code = before.decline
                if code is None or after.by_customer or after.method.kind != "card":
                    continue
                if after.method is not before.method or code not in DECLINES:
                    continue
                yield PastRetry(
                    code, number, invoice.total, customer.currency.upper(), customer.country,
                    customer.created, after.at, after.succeeded_at != NEVER, DECLINES[code][1],
                )  # fmt: skip
