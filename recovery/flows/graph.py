"""How is a flow walked? Its edges, what is reachable, loops, and the shortest time between steps.

Times are the least that can pass: a wait until some hour may be over at once. What is impossible
in the shortest time is impossible in any.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from recovery.flows.document import Flow
from recovery.flows.steps import Await, Retry, Step, Wait
from recovery.flows.waits import least

NO_TIME = timedelta(0)
Edges = Mapping[str, tuple[tuple[str, timedelta], ...]]


def edges_of(flow: Flow) -> Edges:
    """Return each step's ways out with the least time that passes on them; dead ends left out."""
    return _edges(flow, _least_time)


def edges_between_tries(flow: Flow) -> Edges:
    """Do as `edges_of` for tries on one method: a new one ends the count."""
    return _edges(flow, _time_on_one_method)


def _edges(flow: Flow, time_of: Callable[[Step, str], timedelta | None]) -> Edges:
    return {
        name: tuple(
            (to, passes)
            for port, to in step.exits().items()
            if to in flow.steps and (passes := time_of(step, port)) is not None
        )
        for name, step in flow.steps.items()
    }


def reachable(edges: Edges, start: str) -> set[str]:
    """Return the steps that can be reached from `start`, itself included."""
    found, waiting = {start}, [start]
    while waiting:
        for to, _ in edges.get(waiting.pop(), ()):
            if to not in found:
                found.add(to)
                waiting.append(to)
    return found


def loops_without_time(edges: Edges) -> list[list[str]]:
    """Return, for each knot of steps that can go round without time passing, its steps."""
    instant = {
        name: tuple((to, length) for to, length in ways if length == NO_TIME)
        for name, ways in edges.items()
    }
    around = {name: reachable(instant, name) for name in instant}
    knots: dict[frozenset[str], None] = {}
    for name, ways in instant.items():
        if any(name in around[to] for to, _ in ways):
            knots[frozenset(to for to in around[name] if name in around[to])] = None
    return [sorted(knot) for knot in knots]


def shortest_times(edges: Edges, start: str) -> dict[str, timedelta]:
    """Return the least time from entering `start` to entering each step that can follow."""
    best: dict[str, timedelta] = {}
    heap = [(length, to) for to, length in edges.get(start, ())]
    heapq.heapify(heap)
    while heap:
        passed, name = heapq.heappop(heap)
        if name in best:
            continue
        best[name] = passed
        for to, length in edges.get(name, ()):
            if to not in best:
                heapq.heappush(heap, (passed + length, to))
    return best


def soonest(
    edges: Edges, wanted: Mapping[str, tuple[timedelta, ...]], number: int
) -> timedelta | None:
    """Return the least time in which `number` events can come, first to last; None if they cannot.

    Args:
        edges: The flow's.
        wanted: The steps that make events, each with the moments within itself.
        number: How many, two at least.
    """
    moments = [(name, at) for name, within in wanted.items() for at in within]
    between = {name: shortest_times(edges, name) for name in wanted}
    spans = {
        (one, other): gap
        for one in moments
        for other in moments
        if (gap := _gap(one, other, between)) is not None
    }
    reached = dict.fromkeys(moments, NO_TIME)
    for _ in range(number - 1):
        onward: dict[tuple[str, timedelta], timedelta] = {}
        for (one, other), gap in spans.items():
            if one in reached:
                passed = reached[one] + gap
                onward[other] = min(onward.get(other, passed), passed)
        reached = onward
    return min(reached.values(), default=None)


def _gap(
    one: tuple[str, timedelta],
    other: tuple[str, timedelta],
    between: Mapping[str, Mapping[str, timedelta]],
) -> timedelta | None:
    """Return the least time from one event to another that follows it."""
    within = other[1] - one[1] if one[0] == other[0] and other[1] > one[1] else None
    # What is left of the first step counts from the event on, and is no less than nothing.
    entry = between[one[0]].get(other[0])
    around = None if entry is None else max(entry - one[1], NO_TIME) + other[1]
    found = [gap for gap in (within, around) if gap is not None]
    return min(found, default=None)


def _least_time(step: Step, port: str) -> timedelta:
    if isinstance(step, Wait):
        return least(step.until)
    if isinstance(step, Await) and port == "on_timeout":
        return step.timeout.length
    if isinstance(step, Retry) and port == "next":
        return sum((least(until) for until in step.schedule), NO_TIME)
    return NO_TIME


def _time_on_one_method(step: Step, port: str) -> timedelta | None:
    if isinstance(step, Await) and step.event == "payment_method_updated" and port == "on_event":
        return None
    if isinstance(step, Retry) and port == "on_stop":
        return least(step.schedule[0])
    return _least_time(step, port)


def walk(flow: Flow) -> Iterator[tuple[str, str, str]]:
    """Yield every way out: step, port, target."""
    for name, step in flow.steps.items():
        for port, to in step.exits().items():
            yield name, port, to
