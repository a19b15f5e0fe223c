"""How likely is a try to be paid? Counted in the past by kind of refusal, wait and number of tries.

Cells with few tries are drawn towards the rate of their kind of refusal: each counts as if `WEIGHT`
tries at that rate had been seen before. `draw` gives rates that the counts would bear as well.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from recovery.simulation.history import PastFailure

WEIGHT = 8.0
# (kind of refusal before, wait since then, which try): what a cell is told apart by.
Cell = tuple[str, int, int]
_WAITS = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
MOST_TRIES = 4


def cell_of(decline_class: str, waited: timedelta, number: int) -> Cell:
    """Return the cell of a try."""
    wait = sum(waited >= limit for limit in _WAITS)
    return decline_class, wait, min(number, MOST_TRIES)


@dataclass(frozen=True, slots=True)
class Chances:
    """Tries and successes of the past, by cell."""

    tries: Mapping[Cell, int]
    paid: Mapping[Cell, int]

    def rate(self, cell: Cell) -> float:
        """Return the expected rate of a cell."""
        paid, failed = self._seen(cell)
        return paid / (paid + failed)

    def draw(self, cell: Cell, chance: random.Random) -> float:
        """Return a rate that the past would bear as well."""
        return chance.betavariate(*self._seen(cell))

    def _seen(self, cell: Cell) -> tuple[float, float]:
        of_kind = [other for other in self.tries if other[0] == cell[0]]
        tries = sum(self.tries[other] for other in of_kind)
        paid = sum(self.paid.get(other, 0) for other in of_kind)
        base = (paid + 0.5) / (tries + 2)
        own, won = self.tries.get(cell, 0), self.paid.get(cell, 0)
        return won + WEIGHT * base, own - won + WEIGHT * (1 - base)


def learn(failures: Iterable[PastFailure]) -> Chances:
    """Count every try after the first of each payment."""
    tries: Counter[Cell] = Counter()
    paid: Counter[Cell] = Counter()
    for failure in failures:
        for number, (before, after) in enumerate(
            zip(failure.tries, failure.tries[1:], strict=False), start=2
        ):
            if before.is_success:
                break
            cell = cell_of(before.decline_class, after.at - before.at, number)
            tries[cell] += 1
            paid[cell] += after.is_success
    return Chances(tries, paid)
