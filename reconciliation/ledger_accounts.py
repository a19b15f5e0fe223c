"""Which account of the books stands for which bank account? The one that holds the same lines.

The books say so nowhere in a way that all providers share, but each line of a bank account is
booked on the account that stands for it: the pairing with the most lines of equal amount within a
few days, each account once, is the right one where it is clear, and else none is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from reconciliation.records import Deposit, Entry

_WITHIN_DAYS = 3
# A pairing is believed where so many lines agree, and this share of the smaller side.
_LEAST_LINES = 5
_LEAST_SHARE = 0.4


def ledger_accounts(deposits: Sequence[Deposit], entries: Sequence[Entry]) -> Mapping[str, str]:
    """Return the ledger account of each bank account for which it is clear."""
    shared: Counter[tuple[str, str]] = Counter()
    booked: dict[tuple[str, int], list[Entry]] = {}
    for entry in entries:
        booked.setdefault((entry.currency, entry.amount_minor), []).append(entry)
    for deposit in deposits:
        near = {
            entry.account
            for entry in booked.get((deposit.currency, deposit.amount_minor), ())
            if abs((entry.issued_on - deposit.booked_on).days) <= _WITHIN_DAYS
        }
        shared.update((deposit.account, account) for account in near)
    if not shared:
        return {}
    banks = sorted({bank for bank, _ in shared})
    ledgers = sorted({ledger for _, ledger in shared})
    counts = np.array([[shared[bank, ledger] for ledger in ledgers] for bank in banks])
    lines = Counter(deposit.account for deposit in deposits)
    lines_booked = Counter(entry.account for entry in entries)
    found = {}
    from scipy.optimize import linear_sum_assignment  # where it is used: 30 MB

    for row, column in zip(*linear_sum_assignment(counts, maximize=True), strict=True):
        bank, ledger = banks[row], ledgers[column]
        least = min(lines[bank], lines_booked[ledger])
        if counts[row, column] >= max(_LEAST_LINES, _LEAST_SHARE * least):
            found[bank] = ledger
    return found
