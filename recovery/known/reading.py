"""What are the facts that a decision asks for? Read from the warehouse, for many episodes at once.

The reader is given how one tenant's questions are asked (`Asking`); nothing here reaches an engine.
A fact of a table that is not there is not known, as one without a row is.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.warehouse import TenantQuery
from recovery.flows.conditions import Wanted
from recovery.flows.facts import Fact, Facts
from recovery.known.catalogue import CATALOGUE
from recovery.known.columns import columns, statement
from recovery.known.fact import KnownFact, together
from recovery.known.lists import lists
from recovery.known.subjects import Subject, parameters

AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Asking:
    """How a tenant's questions are asked: their rows, and whether a table is there at all."""

    rows: Callable[[TenantQuery, Mapping[str, Any]], Sequence[Mapping[str, Any]]]
    has_table: Callable[[str], bool]


def read_facts(
    asking: Asking, subjects: Sequence[Subject], wanted: Collection[Wanted]
) -> list[Facts]:
    """Return what is known of each subject, in their order, under the names that conditions use.

    Raises:
        OppulenceError: The warehouse does not answer, or refuses.
    """
    found: list[dict[str, Fact]] = [{} for _ in subjects]
    named: defaultdict[tuple[str, str], list[Wanted]] = defaultdict(list)
    of_tables: defaultdict[str, list[Wanted]] = defaultdict(list)
    # Amounts first: what has no currency is asked along with those of one.
    for one in sorted(wanted, key=lambda each: (not each.currency, each.fact, each.currency or "")):
        fact = CATALOGUE.get(one.fact) or lists().get(one.fact)
        if fact is not None:
            asks = fact.asks
            along = [key for key in named if key[0] == asks and not one.currency]
            named[along[0] if along else (asks, one.currency or "")].append(one)
        elif one.fact in columns():
            of_tables[columns()[one.fact].table].append(one)
    for (_, currency), asked in named.items():
        facts = [CATALOGUE.get(one.fact) or lists()[one.fact] for one in asked]
        _read_named(asking, subjects, asked, facts, currency, found)
    for table, asked in of_tables.items():
        _read_columns(asking, subjects, table, asked, found)
    return list(found)


def _read_named(
    asking: Asking,
    subjects: Sequence[Subject],
    asked: Sequence[Wanted],
    facts: Sequence[KnownFact],
    currency: str,
    found: Sequence[dict[str, Fact]],
) -> None:
    query = together(facts)
    if not all(asking.has_table(table) for table in query.tables):
        return
    if currency:
        subjects = [replace(subject, currency=currency) for subject in subjects]
    if subjects and not any(fact.is_dated for fact in facts):
        # Of the same debts the same, whenever it is asked.
        subjects = [replace(subject, moment=subjects[0].moment) for subject in subjects]
    for place, row in _answers(asking, query, subjects):
        for number, one in enumerate(asked):
            value = _fact(row[f"value_{number}"])
            if value is not None:
                found[place][one.held_as] = value


def _read_columns(
    asking: Asking,
    subjects: Sequence[Subject],
    table: str,
    asked: Sequence[Wanted],
    found: Sequence[dict[str, Fact]],
) -> None:
    names = tuple(sorted({one.fact.rpartition(".")[2] for one in asked}))
    query = statement(table, names)
    if not all(asking.has_table(each) for each in query.tables):
        return
    subjects = [replace(subject, moment=subjects[0].moment) for subject in subjects]
    for place, row in _answers(asking, query, subjects):
        for one in asked:
            value = _fact(row[f"own_{one.fact.rpartition('.')[2]}"])
            if value is not None and one.currency in (None, row["row_currency"]):
                found[place][one.held_as] = value


def _answers(
    asking: Asking, query: TenantQuery, subjects: Sequence[Subject]
) -> list[tuple[int, Mapping[str, Any]]]:
    """Ask about each subject once, and return its answers for every place that it has."""
    places: dict[Subject, list[int]] = {}
    for place, subject in enumerate(subjects):
        places.setdefault(subject, []).append(place)
    asked = list(places)
    answers = []
    for first in range(0, len(asked), AT_ONCE):
        share = asked[first : first + AT_ONCE]
        for row in asking.rows(query, parameters(share)):
            answers += [(place, row) for place in places[share[row["n"]]]]
    return answers


def _fact(value: Any) -> Fact | None:
    """Return a value of the warehouse as facts have it; days are written, decimals exact."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, list | tuple):
        return tuple(str(each) for each in value) or None
    return value if isinstance(value, int | str) and value != "" else None
