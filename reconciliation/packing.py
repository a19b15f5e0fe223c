"""Which of the possible matches are taken? Those of the greatest total weight, each thing once.

The things fall into components that no possible match connects; each is solved for itself and
exactly: one-to-one matches as a linear assignment, matches of several as a 0-1 program (HiGHS).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.sparse import csr_array

from reconciliation.records import Edge


def best_of(edges: Iterable[Edge]) -> list[Edge]:
    """Return the edges of the greatest total weight of which no two share a thing.

    The same edges in another order give the same answer; edges without positive weight are left.
    """
    strongest: dict[tuple[tuple[str, ...], tuple[str, ...]], Edge] = {}
    for edge in edges:
        place = (edge.left, edge.right)
        known = strongest.get(place)
        if edge.weight > 0 and (
            known is None or (edge.weight, edge.kind) > (known.weight, known.kind)
        ):
            strongest[place] = edge
    ordered = [strongest[place] for place in sorted(strongest)]
    return [edge for part in _components(ordered) for edge in _solved(part)]


def _components(edges: Sequence[Edge]) -> list[list[Edge]]:
    """The edges in groups that share no thing, each in the given order."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(thing: tuple[str, str]) -> tuple[str, str]:
        while parent.setdefault(thing, thing) != thing:
            parent[thing] = parent[parent[thing]]
            thing = parent[thing]
        return thing

    for edge in edges:
        things = _things(edge)
        first = root(things[0])
        for thing in things[1:]:
            parent[root(thing)] = first
    parts: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        parts.setdefault(root(_things(edge)[0]), []).append(edge)
    return list(parts.values())


def _things(edge: Edge) -> list[tuple[str, str]]:
    return [*(("left", key) for key in edge.left), *(("right", key) for key in edge.right)]


def _solved(edges: Sequence[Edge]) -> list[Edge]:
    if len(edges) == 1:
        return list(edges)
    if all(len(edge.left) == len(edge.right) == 1 for edge in edges):
        return _assigned(edges)
    return _packed(edges)


def _assigned(edges: Sequence[Edge]) -> list[Edge]:
    """One-to-one: a pair that is no edge weighs nothing, and is left out again."""
    rows = {key: place for place, key in enumerate(sorted({edge.left[0] for edge in edges}))}
    columns = {key: place for place, key in enumerate(sorted({edge.right[0] for edge in edges}))}
    weights = np.zeros((len(rows), len(columns)))
    for edge in edges:
        weights[rows[edge.left[0]], columns[edge.right[0]]] = edge.weight
    from scipy.optimize import linear_sum_assignment  # where it is used: 30 MB

    chosen = set(zip(*linear_sum_assignment(weights, maximize=True), strict=True))
    return [e for e in edges if (rows[e.left[0]], columns[e.right[0]]) in chosen]


def _packed(edges: Sequence[Edge]) -> list[Edge]:
    """Matches of several: a 0-1 program with one row per thing."""
    places: dict[tuple[str, str], int] = {}
    cells = [
        (places.setdefault(thing, len(places)), column)
        for column, edge in enumerate(edges)
        for thing in _things(edge)
    ]
    rows, columns = zip(*cells, strict=True)
    from scipy.optimize import Bounds, LinearConstraint, milp  # where it is used: 30 MB

    uses = csr_array((np.ones(len(cells)), (rows, columns)), shape=(len(places), len(edges)))
    answer = milp(
        c=-np.array([edge.weight for edge in edges]),
        constraints=LinearConstraint(uses, -np.inf, 1),
        integrality=np.ones(len(edges)),
        bounds=Bounds(0, 1),
    )
    if answer.x is None:  # no limit is set, and taking nothing is always allowed
        raise RuntimeError(f"The assignment was not solved: {answer.message}")
    return [edge for edge, taken in zip(edges, answer.x, strict=True) if taken > 0.5]
