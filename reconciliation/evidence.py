"""How much does each piece of evidence weigh, and when is money late?

Weights are about natural logarithms of how much likelier the evidence is for a true match than for
a chance one; they add up. They were set from what the evidence is (two daily deposits of one amount
to the cent are a chance of one in thousands), not fitted to data, and `benchmarks/reconciliation`
shows how often each sum is right.
"""

from __future__ import annotations

from math import exp

# The money's amount.
SAME_AMOUNT = 8.0
STATED_ORIGINAL = 8.0
SUM_OF_SEVERAL = 9.0
LESS_A_FEE = 2.0
# Banks' fees are round: one amount in fifty is, by chance.
ROUND_FEE = 1.5
CONVERTED_NEARLY = 3.5
OTHER_AMOUNT = 0.5
MISTYPED = 4.0
GROSS_OF_FEE = 5.0
# The day.
ON_THE_DAY = 2.0
NEXT_DAY = 1.5
WITHIN_GRACE = 0.5
LATE = -2.0
EARLY = -2.5
# The words.
NAMES_THE_TRACE = 12.0
NAMES_THE_PAYOUT = 14.0
NAMES_ANOTHER = -14.0
NAMES_THE_DAY = 3.0
NAMES_ANOTHER_DAY = -1.5
FROM_PROCESSOR = 1.0
FROM_OTHERS = -5.0
# A person said so.
CONFIRMED = 1_000.0
# Below this the evidence is no better than chance, given how many pairs are tried.
PRIOR = -4.0

# A payout arrives on its day or the next bank day; after so many bank days it is late, and missing
# where it has not come by then. One that comes later still is found for so many bank days.
GRACE_BANK_DAYS = 3
LATEST_BANK_DAYS = 20
EARLIEST_BANK_DAYS = -2
# Members of one deposit were due within so many bank days of each other.
GROUP_BANK_DAYS = 6
# A bookkeeper enters a deposit under its own day or soon after.
BOOKED_BEFORE_DAYS = 3
BOOKED_AFTER_DAYS = 12
BOOKS_GRACE_DAYS = 7
# What a bank keeps of a deposit, in minor units of a currency with two decimals.
MOST_FEE = 5_000
ROUND_TO = 50


def confidence(weight: float) -> int:
    """The weight as a probability in thousandths: grows with it, and never reaches certainty."""
    return min(round(1_000 / (1 + exp(-max(min(weight, 50.0), -50.0)))), 999)


def of_lateness(days: int, day: str) -> tuple[float, str] | None:
    """What a deposit's day weighs, and in words; None where it lies outside the window."""
    if days < EARLIEST_BANK_DAYS or days > LATEST_BANK_DAYS:
        return None
    if days < 0:
        return EARLY, f"{-days} bank days early, on {day}"
    if days == 0:
        return ON_THE_DAY, f"on the expected day, {day}"
    if days == 1:
        return NEXT_DAY, f"one bank day after it was due, on {day}"
    if days <= GRACE_BANK_DAYS:
        return WITHIN_GRACE, f"{days} bank days after it was due, on {day}"
    return LATE - days / 20, f"{days} bank days late, on {day}"
