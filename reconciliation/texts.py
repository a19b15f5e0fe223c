"""What do banks' and bookkeepers' texts say of a payout? Its trace, id, day, or sender's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from core.errors import InvalidInputError
from core.money import exponent

# Names under which a processor pays out; a text with one of them is likely a payout's.
PROCESSORS = ("STRIPE",)
_PAYOUT_ID = re.compile(r"\bpo_[A-Za-z0-9]{6,64}")
_ISO_DAY = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
_WORD = re.compile(r"[A-Z0-9]{8,}")
_PRINTED = re.compile(r"\b([A-Z]{3})\s?(\d[\d.,' ]*\d|\d)")
_LEAST_TRACE = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says."""

    words: frozenset[str]
    payout_ids: frozenset[str]
    days: frozenset[date]
    printed: frozenset[tuple[str, int]]
    from_processor: bool


@lru_cache(maxsize=65_536)
def read(text: str) -> Reading:
    """Read a text once."""
    upper = text.upper()
    days = set()
    for found in _ISO_DAY.finditer(text):
        year, month, day = map(int, found.groups())
        if 1 <= month <= 12 and 1 <= day <= 31:
            try:
                days.add(date(year, month, day))
            except ValueError:  # the 31st of a shorter month: no day at all
                continue
    printed = {
        (match[1], minor)
        for match in _PRINTED.finditer(upper)
        if (minor := _minor(match[2].strip(), match[1])) is not None
    }
    return Reading(
        words=frozenset(_WORD.findall(upper)),
        payout_ids=frozenset(_PAYOUT_ID.findall(text)),
        days=frozenset(days),
        printed=frozenset(printed),
        from_processor=any(name in upper for name in PROCESSORS),
    )


def names_trace(text: str, trace_id: str | None) -> bool:
    """Whether a bank's text carries a payout's trace; short ones would be found by chance."""
    if trace_id is None or len(trace_id) < _LEAST_TRACE:
        return False
    return trace_id.upper() in text.upper()


def _minor(text: str, currency: str) -> int | None:
    """A printed amount in minor units: its last mark is the decimal one where as many digits follow
    as the currency has decimals."""  # noqa: D205, D209
    try:
        places = exponent(currency)
    except InvalidInputError:
        return None
    digits = re.sub(r"\D", "", text)
    tail = re.search(r"[.,](\d+)$", text)
    if tail is None or len(tail[1]) != places:
        return int(Decimal(digits).scaleb(places))
    return int(digits)


def is_mistyped(wrong: int, right: int) -> str | None:
    """How an amount came to be another by a slip of the hand, in words; None where it did not."""
    one, other = str(abs(wrong)), str(abs(right))
    if len(one) != len(other) or one == other:
        return None
    places = [place for place in range(len(one)) if one[place] != other[place]]
    if len(places) == 1:
        return "one digit is another"
    first, last = places[0], places[-1]
    swapped = len(places) == 2 and last == first + 1
    if swapped and one[first] == other[last] and one[last] == other[first]:
        return "two neighbouring digits are swapped"
    return None
