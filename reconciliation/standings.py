"""How firm is the best packing: could a thing as well be matched with another, or with none?

Where two packings weigh the same, `packing.best_of` takes one of them; which one says nothing. Here
each thing gets every partner that it has in any of the best packings. One-to-one matches only.

A packing is best when no cycle of swaps gains; another is as good when a cycle loses nothing. Swaps
are arcs of a graph whose costs are what they lose; under potentials (Bellman-Ford) all arcs of a
cycle that loses nothing cost nothing, so these cycles are the strong components of such arcs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from reconciliation.records import Edge

Thing = tuple[Literal["left", "right"], str]
_NOTHING = 1e-9
_NONE: tuple[str, str] = ("none", "")


@dataclass(frozen=True, slots=True)
class Standing:
    """All partners that a thing has in some best packing; `always`: it has one in each of them."""

    partners: tuple[str, ...]
    always: bool

    @property
    def is_sole(self) -> bool:
        """Whether every best packing gives it this one partner."""
        return self.always and len(self.partners) == 1


def standings(edges: Sequence[Edge], taken: Sequence[Edge]) -> dict[Thing, Standing]:
    """Return how each thing stands that is matched in some best packing.

    Args:
        edges: The possible matches, of one thing with one, all of positive weight.
        taken: A best packing of them (`packing.best_of`).
    """
    chosen = {(edge.left[0], edge.right[0]) for edge in taken}
    arcs: list[tuple[tuple[str, str], tuple[str, str], float]] = []
    lefts = {edge.left[0] for edge in taken}
    rights = {edge.right[0] for edge in taken}
    for edge in edges:
        left, right = ("left", edge.left[0]), ("right", edge.right[0])
        if (left[1], right[1]) in chosen:
            arcs.append((right, left, edge.weight))
        else:
            arcs.append((left, right, -edge.weight))
    # To be matched with none costs nothing: a matched left may become free, a free one matched.
    for key in sorted({edge.left[0] for edge in edges}):
        free, own = _NONE, ("left", key)
        arcs.append((own, free, 0.0) if key in lefts else (free, own, 0.0))
    for key in sorted({edge.right[0] for edge in edges}):
        free, own = _NONE, ("right", key)
        arcs.append((free, own, 0.0) if key in rights else (own, free, 0.0))
    return _read(arcs, _on_cycles(arcs), taken)


def _on_cycles(arcs: Sequence[tuple[tuple[str, str], tuple[str, str], float]]) -> Any:
    """Whether each arc lies on a cycle that loses nothing."""
    places: dict[tuple[str, str], int] = {}
    tails = np.array([places.setdefault(arc[0], len(places)) for arc in arcs], dtype=int)
    heads = np.array([places.setdefault(arc[1], len(places)) for arc in arcs], dtype=int)
    costs = np.array([arc[2] for arc in arcs])
    potential = np.zeros(len(places))
    for _ in range(len(places)):
        before = potential.copy()
        np.minimum.at(potential, heads, before[tails] + costs)
        if np.array_equal(before, potential):
            break
    tight = costs + potential[tails] - potential[heads] <= _NOTHING
    graph = csr_array(
        (np.ones(tight.sum()), (tails[tight], heads[tight])), shape=(len(places),) * 2
    )
    _, component = connected_components(graph, directed=True, connection="strong")
    return tight & (component[tails] == component[heads])


def _read(
    arcs: Sequence[tuple[tuple[str, str], tuple[str, str], float]],
    on_cycle: Any,
    taken: Sequence[Edge],
) -> dict[Thing, Standing]:
    partners: dict[Any, set[str]] = {}
    for edge in taken:
        partners[("left", edge.left[0])] = {edge.right[0]}
        partners[("right", edge.right[0])] = {edge.left[0]}
    sometimes = set()
    for (tail, head, _), is_swap in zip(arcs, on_cycle, strict=True):
        if not is_swap:
            continue
        if _NONE in (tail, head):
            sometimes.add(tail if head == _NONE else head)
        else:
            partners.setdefault(tail, set()).add(head[1])
            partners.setdefault(head, set()).add(tail[1])
    return {
        thing: Standing(tuple(sorted(keys)), thing not in sometimes)
        for thing, keys in partners.items()
    }
