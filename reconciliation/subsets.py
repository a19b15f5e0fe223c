"""Which few of some amounts make up a sum exactly? Bounded in how many, and how many are tried."""

from __future__ import annotations

from collections.abc import Sequence

# More than these is a statement, not a deposit; the nearest ones are tried.
MOST_PARTS = 4
MOST_CANDIDATES = 14
MOST_FOUND = 24


def subsets_of(amounts: Sequence[int], target: int) -> list[tuple[int, ...]]:
    """Return the places of 2 to `MOST_PARTS` of the first `MOST_CANDIDATES` that sum to `target`.

    Amounts and target have one sign. At most `MOST_FOUND` are returned, in order of their places.
    """
    if target < 0:
        return subsets_of([-amount for amount in amounts], -target)
    pool = [
        (amount, place)
        for place, amount in enumerate(amounts[:MOST_CANDIDATES])
        if 0 < amount < target
    ]
    by_amount: dict[int, list[int]] = {}
    for amount, place in pool:
        by_amount.setdefault(amount, []).append(place)
    found: set[tuple[int, ...]] = set()

    def extend(begin: int, chosen: tuple[int, ...], rest: int) -> None:
        # The last part is looked up, so that parts of n cost what parts of n - 1 do.
        for place in by_amount.get(rest, ()):
            if chosen and place > chosen[-1]:
                found.add((*chosen, place))
        if len(chosen) < MOST_PARTS - 1 and len(found) < MOST_FOUND:
            for index in range(begin, len(pool)):
                amount, place = pool[index]
                if amount < rest:
                    extend(index + 1, (*chosen, place), rest - amount)

    extend(0, (), target)
    return sorted(found)[:MOST_FOUND]
