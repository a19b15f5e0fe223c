"""Every partner that some best packing gives, against all packings tried one by one."""

from itertools import combinations

import hypothesis.strategies as st
from hypothesis import given, settings

from reconciliation.packing import best_of
from reconciliation.records import Edge
from reconciliation.standings import Standing, standings


def edge(left: str, right: str, weight: float) -> Edge:
    return Edge((left,), (right,), weight, "transfer")


def stands(*edges: Edge) -> dict[str, Standing]:
    """How each thing stands, by side and key."""
    found = standings(edges, best_of(edges))
    return {f"{side}:{key}": standing for (side, key), standing in found.items()}


def tried(edges: list[Edge]) -> dict[tuple[str, str], Standing]:
    """The same by looking at every packing."""
    packings = []
    for size in range(len(edges) + 1):
        for some in combinations(edges, size):
            things = [("left", e.left[0]) for e in some] + [("right", e.right[0]) for e in some]
            if len(set(things)) == len(things):
                packings.append((sum(e.weight for e in some), some))
    most = max(weight for weight, _ in packings)
    best = [set(some) for weight, some in packings if weight == most]
    found: dict[tuple[str, str], Standing] = {}
    for side in ("left", "right"):
        for key in {getattr(e, side)[0] for e in edges}:
            own = [[e for e in some if getattr(e, side)[0] == key] for some in best]
            other = "right" if side == "left" else "left"
            partners = sorted({getattr(e, other)[0] for some in own for e in some})
            if partners:
                found[(side, key)] = Standing(tuple(partners), all(own))
    return found


def test_a_better_partner_is_the_sole_one():
    found = stands(edge("o", "a", 3.0), edge("o", "b", 2.5))
    assert found == {
        "left:o": Standing(("a",), always=True),
        "right:a": Standing(("o",), always=True),
    }
    assert found["left:o"].is_sole


def test_two_that_are_as_good_are_both_told():
    assert stands(edge("o", "a", 3.0), edge("o", "b", 3.0)) == {
        "left:o": Standing(("a", "b"), always=True),
        "right:a": Standing(("o",), always=False),
        "right:b": Standing(("o",), always=False),
    }


def test_what_may_be_swapped_is_matched_all_the_same():
    equal = [edge(left, right, 2.0) for left in "op" for right in "ab"]
    assert set(stands(*equal).values()) == {
        Standing(("a", "b"), always=True), Standing(("o", "p"), always=True)
    }  # fmt: skip


@settings(deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from("opqr"), st.sampled_from("abcd")),
        st.sampled_from([0.5, 1.0, 1.5, 2.0]), min_size=1, max_size=9,
    )
)  # fmt: skip
def test_standings_are_those_of_all_best_packings(weights: dict[tuple[str, str], float]):
    edges = [edge(left, right, weight) for (left, right), weight in weights.items()]
    assert standings(edges, best_of(edges)) == tried(edges)
