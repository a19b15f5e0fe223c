"""Which addresses does a host's name have? Asked with a deadline, which the system's call has not.

Whoever answers for a name may keep silent for as long as the resolver has patience, half a minute
and more. Each name is asked for in a thread of its own, at most one at a time and so many in all;
who asked stops waiting at the deadline, and until the thread has ended nobody waits for the name
again.
"""

import socket
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field

from core.errors import OppulenceError

MOST_AT_ONCE = 64


class NameUnansweredError(OppulenceError):
    """Nobody tells in time which addresses a name has."""

    code = "name_unanswered"
    title = "Nobody answers for the name"


@dataclass(frozen=True, slots=True)
class _Question:
    answer: "Future[list[str]]"
    ends_at: float


@dataclass(slots=True)
class _Questions:
    open: dict[str, _Question] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_QUESTIONS = _Questions()


def numbers_of(host: str, *, seconds: float) -> list[str]:
    """Return the addresses of a name, as numbers.

    Raises:
        NameUnansweredError: There was no answer within `seconds`, or too many names are asked for.
        OSError: There is no such name.
        ValueError: It cannot be a name.
    """
    question = _asked(host, seconds)
    try:
        return question.answer.result(max(0.0, question.ends_at - time.monotonic()))
    except TimeoutError:
        if question.answer.done():
            raise  # the resolver's own, which is an OSError
        raise NameUnansweredError("The address's host was not found in time.") from None


def is_waiting() -> bool:
    """Say whether an answer is out, of whoever has been asked."""
    return bool(_QUESTIONS.open)


def _asked(host: str, seconds: float) -> _Question:
    """Return the question that is open for a name, or a new one."""
    with _QUESTIONS.lock:
        known = _QUESTIONS.open.get(host)
        if known is not None:
            return known
        if len(_QUESTIONS.open) >= MOST_AT_ONCE:
            raise NameUnansweredError("Too many names are waited for.")
        question = _Question(Future(), time.monotonic() + seconds)
        _QUESTIONS.open[host] = question
    # Of no pool: a thread that waits for a silent server must not keep the process from ending.
    threading.Thread(target=_ask, args=(host, question), name="host-name", daemon=True).start()
    return question


def _ask(host: str, question: _Question) -> None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        question.answer.set_exception(error)
    else:
        question.answer.set_result([str(one[4][0]).partition("%")[0] for one in found])
    finally:
        with _QUESTIONS.lock:
            del _QUESTIONS.open[host]
