"""Can a template be filled in for every debt? What keeps it from it, and where.

Not every fact is known of every debt, so a template is tried with every mixture of what may be
known and what not: `{% if due_on %}by {{ access_ends_on }}{% endif %}` breaks for a few debts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from babel import Locale
from jinja2 import meta

from core.errors import InvalidInputError
from recovery.messages.facts import EXAMPLE, NAMES, OPTIONAL
from recovery.messages.rendering import fill, parsed, parts_of
from recovery.messages.templates import Template, reasons

# Of so many facts that not every debt has every mixture is tried: 64 fillings of a part.
MOST_COMBINED = 6


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one part of a template cannot be filled in for every debt.

    `rule` is unknown_variable, variable_not_asked_for or unreadable_template; `start` and `end`
    count characters in the part as it is written, both 0 where no place is known.
    """

    part: str
    rule: str
    detail: str
    variable: str | None = None
    start: int = 0
    end: int = 0


def faults(template: Template) -> list[Fault]:
    """Return why a template cannot be filled in for every debt; empty where it can.

    Tried with every mixture of what may be known of a debt and what not.
    """
    return [fault for part, words in parts_of(template).items() for fault in _faults(part, words)]


def _faults(part: str, words: str) -> list[Fault]:
    try:
        tree = parsed(words)
    except InvalidInputError as error:
        return [Fault(part, "unreadable_template", error.detail)]
    named = meta.find_undeclared_variables(tree)
    unknown = [
        Fault(part, "unknown_variable", f"There is no variable {name}.", name, *_place(name, words))
        for name in sorted(named - set(NAMES))
    ]
    if unknown:
        return unknown
    known = EXAMPLE.formatted(Locale.parse("en"), reasons("en"))
    for missing in _debts([name for name in OPTIONAL if name in named]):
        try:
            fill(words, {**known, **dict.fromkeys(missing)})
        except InvalidInputError as error:
            if not missing:
                return [Fault(part, "unreadable_template", error.detail)]
            name = missing[-1]
            return [Fault(part, "variable_not_asked_for", error.detail, name, *_place(name, words))]
    return []


def _debts(optional: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield what may be unknown of a debt, little first: everything, or near either end of many."""
    for count in range(len(optional) + 1):
        if len(optional) <= MOST_COMBINED or count <= 2 or count >= len(optional) - 1:
            yield from combinations(optional, count)


def _place(name: str, words: str) -> tuple[int, int]:
    found = re.search(rf"\{{\{{-?\s*({re.escape(name)})\b", words) or re.search(
        rf"\b({re.escape(name)})\b", words
    )
    return found.span(1) if found else (0, 0)
