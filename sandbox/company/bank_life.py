"""How do the company's banks come to know what they know? From its payouts and its ordinary life.

The lines reach beyond the company's end, as far as a test's clock may go; its payouts do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sandbox.company.bank_accounts import accounts_opened
from sandbox.company.banking import Bank, BankAccount, BankLine
from sandbox.company.calendar import add_months, day_of, midnight
from sandbox.company.deposits import conversion_rate_micro, write_deposits, write_topups
from sandbox.company.household import Scale, write_month
from sandbox.company.mishaps import PER_MILLE, PayoutFact
from sandbox.company.pen import Pen
from sandbox.company.spending import write_card_bills, write_purchases, write_samples

# How far the banks' future reaches beyond the company's end.
FUTURE_MONTHS = 14
_LEAST_BALANCE = 250_000
_STEP = 1_000_000


@dataclass(frozen=True, slots=True)
class BankSpec:
    """What a company's banks are made from; equal specs give equal lines.

    `topups` are (id, created, amount, currency) of the money sent to the payment provider.
    """

    seed: int
    start_at: int
    until_at: int
    payouts: tuple[PayoutFact, ...]
    topups: tuple[tuple[str, int, int, str], ...] = ()


def earned_monthly(spec: BankSpec) -> Scale:
    """What payouts bring in an average month."""
    sums = {"eur": 0, "usd": 0}
    for payout in spec.payouts:
        if payout.currency == "usd":
            sums["usd"] += payout.amount
        elif payout.currency == "eur":
            sums["eur"] += payout.amount
        else:
            rate = conversion_rate_micro(payout.currency, day_of(payout.arrival))
            sums["eur"] += payout.amount * rate // 1_000_000
    months = max((spec.until_at - spec.start_at) * 12 // (365 * 86_400), 1)
    return Scale(sums["eur"] // months, sums["usd"] // months)


def live_at_the_bank(
    spec: BankSpec, per_mille: Mapping[str, int] = PER_MILLE
) -> tuple[Bank, dict[str, str]]:
    """The banks of a company, and which payout was struck by which mishap."""
    start_on, until_on = day_of(spec.start_at), day_of(spec.until_at)
    accounts = {account.id: account for account in accounts_opened(start_on)}
    pen = Pen(spec.seed, accounts)
    struck = write_deposits(pen, spec.payouts, per_mille)
    write_topups(pen, spec.topups)
    scale = earned_monthly(spec)
    for month in _months(start_on, day_of(add_months(spec.until_at, FUTURE_MONTHS))):
        write_month(pen, month, scale)
        write_purchases(pen, month)
        write_card_bills(pen, month)
    write_samples(pen, until_on)
    return Bank(_funded(accounts, pen.lines), pen.lines), struck


def _months(begin: date, end: date) -> Sequence[date]:
    # Ordinary life begins with the first whole month.
    first = begin if begin.day == 1 else day_of(add_months(midnight(begin.replace(day=1)), 1))
    number = (end.year - first.year) * 12 + end.month - first.month
    return [day_of(add_months(midnight(first), place)) for place in range(number + 1)]


def _funded(accounts: Mapping[str, BankAccount], lines: Sequence[BankLine]) -> list[BankAccount]:
    """Accounts opened with enough that no depository ever runs dry."""
    trial = Bank(list(accounts.values()), lines)
    found = []
    for account in trial.accounts:
        moments = (line.posted_at for line in trial.lines(account.id))
        lowest = min((trial.balance_at(account.id, at) for at in moments), default=0)
        if account.kind == "depository" and lowest < _LEAST_BALANCE:
            missing = -(-(_LEAST_BALANCE - lowest) // _STEP) * _STEP
            account = replace(account, opening_balance=account.opening_balance + missing)  # noqa: PLW2901
        found.append(account)
    return found
