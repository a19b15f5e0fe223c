"""Must the engine be asked again which parts a table has? Not while nothing can have changed them.

Whoever keeps answers asks for a table's parts before giving one away (`serving.states`), hundreds
of times a second. A server tells them from memory in a fraction of a millisecond; chDB plans and
runs a query of five. What it told is told again until a statement that may write begins. Only the
background changes parts without one, after a mutation or a TTL: so nothing is told again for longer
than `MOMENT_SECONDS`.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise

from local.clickhouse.engine import Outcome
from local.clickhouse.requests import QueryRequest
from local.clickhouse.statements import Kind, Statement, tokens_of

MOMENT_SECONDS = 0.1
_REMEMBERED = 100
# What brings another table, or another answer each time, into a statement.
_ELSEWHERE = {"JOIN", "UNION", "INTERSECT", "EXCEPT", "WITH", "NOW", "NOW64", "RAND"}


class PartsMemory:
    """The engine's newest answers about parts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Remember nothing yet."""
        self._clock = clock
        self._answers: dict[Hashable, tuple[float, Outcome]] = {}
        self._changes_begun = self._changes_ended = 0
        self._lock = threading.Lock()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Tell that a statement runs which may change parts."""
        with self._lock:
            self._changes_begun += 1
            self._answers.clear()
        try:
            yield
        finally:
            with self._lock:
                self._changes_ended += 1

    def answer(self, question: Hashable, ask: Callable[[], Outcome]) -> Outcome:
        """Return what was answered before if it still holds, and else what `ask` returns."""
        with self._lock:
            asked_at, ended_before = self._clock(), self._changes_ended
            known = self._answers.get(question)
        if known is not None and asked_at - known[0] < MOMENT_SECONDS:
            return known[1]
        outcome = ask()
        with self._lock:
            if ended_before == self._changes_begun:  # no change before, meanwhile or now
                self._keep(question, asked_at, outcome)
        return outcome

    def _keep(self, question: Hashable, asked_at: float, outcome: Outcome) -> None:
        while len(self._answers) >= _REMEMBERED:
            del self._answers[next(iter(self._answers))]
        self._answers[question] = asked_at, outcome


def question_about_parts(request: QueryRequest, statement: Statement) -> Hashable | None:
    """Return what stands for a request that asks for nothing but parts; None for any other."""
    if request.session_id or statement.kind is not Kind.READ or not _reads_parts(statement.text):
        return None
    named = tuple(sorted(request.parameters.items())), tuple(sorted(request.settings.items()))
    return statement.text, request.default_format, request.database, named


@lru_cache(maxsize=500)
def _reads_parts(text: str) -> bool:
    words = [token.text.lower() for token in tokens_of(text)]
    behind_in = {after for word, after in pairwise(words) if word == "in"}
    return (
        words.count("from") == words.count("select") == 1
        and words[words.index("from") + 1 :][:3] == ["system", ".", "parts"]
        and words[words.index("from") + 4 :][:1] != [","]
        and behind_in <= {"(", "{"}  # a name would be another table's
        and _ELSEWHERE.isdisjoint(word.upper() for word in words)
    )
