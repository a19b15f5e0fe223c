"""How do people's decisions bind the matching? What they confirmed stands, what they denied is out.

Confirmed pairs that share a payout, deposit or entry are one match of several. The newest decision
on a pair is the caller's to choose; a confirmed pair outranks every other use of its things.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciliation import evidence as weigh
from reconciliation.records import Decision, Edge


def bound(edges: Iterable[Edge], decisions: Sequence[Decision]) -> Iterator[Edge]:
    """Yield the edges that decisions leave, and one for each group of confirmed pairs.

    Args:
        edges: The possible matches.
        decisions: On pairs of a left and a right thing of these edges.
    """
    denied = {(d.payout, d.other) for d in decisions if not d.confirmed}
    groups = _groups([(d.payout, d.other) for d in decisions if d.confirmed])
    lefts = {key for left, _ in groups for key in left}
    rights = {key for _, right in groups for key in right}
    for left, right in groups:
        yield Edge(left, right, weigh.CONFIRMED, "confirmed", ("a person confirmed it",))
    for edge in edges:
        free = lefts.isdisjoint(edge.left) and rights.isdisjoint(edge.right)
        if free and not any((one, other) in denied for one in edge.left for other in edge.right):
            yield edge


def carried(decisions: Iterable[Decision], twins: Mapping[str, str]) -> list[Decision]:
    """Return decisions said of the lines that count, of two on one pair the later.

    Args:
        decisions: In the order in which they were made.
        twins: By a line that another source showed as well, the line that counts in its place.
    """
    found: dict[tuple[str, str], Decision] = {}
    for decision in decisions:
        other = twins.get(decision.other, decision.other)
        found.pop((decision.payout, other), None)
        found[decision.payout, other] = Decision(decision.payout, other, decision.confirmed)
    return list(found.values())


def _groups(pairs: Sequence[tuple[str, str]]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Pairs joined where they share a thing."""
    parts: list[tuple[set[str], set[str]]] = []
    for left, right in sorted(pairs):
        touching = [part for part in parts if left in part[0] or right in part[1]]
        merged = ({left}, {right})
        for part in touching:
            merged[0].update(part[0])
            merged[1].update(part[1])
            parts.remove(part)
        parts.append(merged)
    return sorted((tuple(sorted(left)), tuple(sorted(right))) for left, right in parts)
