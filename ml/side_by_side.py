"""Which facets are asked at the same time? Of many rows two, where neither reads the other.

What reads texts is Python and holds the interpreter; what reads a history is array operations,
which let go of it. So histories go first, as soon as what they read is known, and the others beside
them. The answers, and the order in which they are told, are those of one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import polars as pl

from ml.facet import Facet

# Of fewer rows it is not worth a thread, and a request has other requests beside it.
MANY = 50_000
Answers = Mapping[str, pl.DataFrame]
Ask = Callable[[Facet, Answers], pl.DataFrame]


def told(
    facets: Sequence[Facet], ask: Ask, known: Answers, rows: int
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield what facets say, in their order, each as soon as it and those before it are known.

    Parameters
    ----------
    facets
        Each after those that it reads.
    ask
        A facet, with the answers that it reads.
    known
        Answers that are not asked for.
    rows
        Of how many rows they are asked.
    """
    if rows < MANY:
        found = dict(known)
        for facet in facets:
            found[facet.name] = ask(facet, {name: found[name] for name in facet.after})
            yield facet.name, found[facet.name]
        return
    asked: dict[str, Future[pl.DataFrame]] = {}

    def answer(facet: Facet) -> pl.DataFrame:
        # What is waited for was asked before, so it is under way or known.
        own = {name: known[name] if name in known else asked[name].result() for name in facet.after}
        return ask(facet, own)

    pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="facets")
    try:
        for facet in histories_first(facets, known):
            asked[facet.name] = pool.submit(answer, facet)
        for facet in facets:
            yield facet.name, asked[facet.name].result()
    finally:
        pool.shutdown(cancel_futures=True)


def histories_first(facets: Sequence[Facet], known: Answers) -> list[Facet]:
    """Return facets in an order in which each still comes after those that it reads.

    Examples
    --------
    >>> from ml.registry import FACETS
    >>> [facet.name for facet in histories_first(FACETS, {})][:5]
    ['transfer', 'merchant', 'recurring', 'category', 'anomaly']
    """
    waiting, order = list(facets), []
    done = set(known)
    while waiting:
        ready = [facet for facet in waiting if done.issuperset(facet.after)]
        first = min(ready, key=lambda facet: facet.reads != "history")
        waiting.remove(first)
        order.append(first)
        done.add(first.name)
    return order
