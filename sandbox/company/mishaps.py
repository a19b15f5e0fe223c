"""What goes wrong between a payout, the bank and the books, how often, and with which payout?

Every mishap is written into the truth under its name, so that whoever reconciles can be judged.

    missing_deposit      the bank never shows the money; the books say it came
    late_deposit         it comes six to twelve bank days after it should have
    bank_fee             the bank keeps a fee and shows the rest
    several_payouts      two or three payouts in one deposit
    currency_conversion  it comes in another currency, at the bank's rate
    wrong_amount         the books say another amount than the bank
    duplicate_entry      the books hold the deposit twice
    missing_entry        the books do not hold the deposit
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

# Of a thousand payouts that arrive in the currency they left in. Payouts in a currency without an
# account are converted, all of them.
PER_MILLE: Mapping[str, int] = {
    "missing_deposit": 8,
    "late_deposit": 14,
    "bank_fee": 14,
    "several_payouts": 24,
    "wrong_amount": 14,
    "duplicate_entry": 12,
    "missing_entry": 10,
}
# From this many payouts on, each mishap happens at least once.
ONE_OF_EACH_FROM = 40
CONVERSION = "currency_conversion"
NAMES = (*PER_MILLE, CONVERSION)
# Those that the bank's line itself shows; the others are mistakes of the bookkeeper.
AT_THE_BANK = frozenset(
    {"missing_deposit", "late_deposit", "bank_fee", "several_payouts", CONVERSION}
)


@dataclass(frozen=True, slots=True)
class PayoutFact:
    """What a bank and a bookkeeper need to know of a payout; times are epoch seconds."""

    id: str
    currency: str
    amount: int
    created: int
    arrival: int
    trace_id: str | None = None


def quota(number: int, per_mille: int) -> int:
    """How many of so many payouts a mishap strikes."""
    wanted = (number * per_mille + 500) // 1_000
    return max(wanted, 1) if number >= ONE_OF_EACH_FROM and per_mille else wanted


def strike(
    random: Random, payouts: Sequence[PayoutFact], per_mille: Mapping[str, int] = PER_MILLE
) -> tuple[dict[str, str], list[tuple[PayoutFact, ...]]]:
    """Choose whom the mishaps strike.

    Args:
        random: The stream that decides.
        payouts: Payouts of currencies that have an account, oldest first.
        per_mille: How often each happens.

    Returns:
        The mishap of each payout struck, and the groups that arrive as one deposit (whose payouts
        are all struck by `several_payouts`).
    """
    struck: dict[str, str] = {}
    groups = _groups(random, payouts, quota(len(payouts), per_mille.get("several_payouts", 0)))
    for group in groups:
        struck |= dict.fromkeys((payout.id for payout in group), "several_payouts")
    free = [payout.id for payout in payouts if payout.id not in struck]
    random.shuffle(free)
    for name, rate in per_mille.items():
        if name != "several_payouts":
            number = quota(len(payouts), rate)
            struck |= dict.fromkeys(free[:number], name)
            del free[:number]
    return struck, groups


def _groups(
    random: Random, payouts: Sequence[PayoutFact], wanted: int
) -> list[tuple[PayoutFact, ...]]:
    """Runs of two or three payouts of one currency that follow on each other, `wanted` in all."""
    if wanted < 1:
        return []
    by_currency: dict[str, list[PayoutFact]] = {}
    for payout in payouts:
        by_currency.setdefault(payout.currency, []).append(payout)
    runs = []
    for currency in sorted(by_currency):
        row = by_currency[currency]
        runs += [tuple(row[place : place + 3]) for place in range(0, len(row) - 2, 3)]
    random.shuffle(runs)
    found: list[tuple[PayoutFact, ...]] = []
    left = max(wanted, 2)
    for run in runs:
        if left < 2:
            break
        size = 3 if left == 3 or (left > 4 and random.random() < 0.5) else 2
        found.append(run[:size])
        left -= size
    return found
