"""How are amounts drawn as bars? Where each begins and ends, in hundredths of the room there is.

Bars are elements with a left and a width, so they fit any page; amounts stand beside them as text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where it begins and how wide it is, in percent."""

    left: float
    width: float


def bars(amounts: Sequence[int]) -> list[Bar]:
    """Return bars from a common beginning, the largest as wide as there is room."""
    most = max((abs(amount) for amount in amounts), default=0) or 1
    return [Bar(0.0, 100 * abs(amount) / most) for amount in amounts]


def steps(opening: int, moves: Sequence[int]) -> list[Bar]:
    """Return a waterfall's bars: the opening, each move from where the last ended, the closing.

    The room reaches from the lowest level, at most 0, to the highest.
    """
    levels, level = [opening], opening
    for move in moves:
        level += move
        levels.append(level)
    low, high = min(0, *levels), max(0, *levels)
    room = (high - low) or 1
    edges = [(0, opening), *pairwise(levels), (0, level)]
    return [
        Bar(100 * (min(a, b) - low) / room, 100 * abs(b - a) / room) for a, b in edges
    ]  # fmt: skip
