"""How soon is a failed payment recovered? The share recovered by each day, open ones counted right.

An episode that is still open tells of the days it has lived and of no later one (it is censored),
and one that is lost will never be recovered (it competes). Counting either as unrecovered would
make young months look bad; Aalen and Johansen's estimator does neither. All in whole days; what
ends on a day was at risk on it.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ending:
    """How many episodes ended in one way after so many whole days: recovered, lost, or open yet."""

    day: int
    outcome: str
    episodes: int


@dataclass(frozen=True, slots=True)
class Curve:
    """The share recovered by the end of each day, from day 0, and how many were at risk on it."""

    shares: tuple[float, ...]
    at_risk: tuple[int, ...]


def recovered_by_day(endings: Iterable[Ending], most: int) -> Curve:
    """Return the curve up to day `most`, or to the last day on which any episode was at risk."""
    counted: dict[tuple[int, str], int] = {}
    for one in endings:
        key = max(one.day, 0), one.outcome
        counted[key] = counted.get(key, 0) + one.episodes
    left, unended, share = sum(counted.values()), 1.0, 0.0
    shares, at_risk = [], []
    for day in range(most + 1):
        if left == 0:
            break
        recovered, lost, still = (
            counted.get((day, outcome), 0) for outcome in ("recovered", "lost", "open")
        )
        share += unended * recovered / left
        unended *= 1 - (recovered + lost) / left
        shares.append(share)
        at_risk.append(left)
        left -= recovered + lost + still
    return Curve(tuple(shares), tuple(at_risk))
