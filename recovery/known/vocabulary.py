"""Which facts are there to compare? An episode's own, the catalogue's, columns and lists."""

from collections.abc import Iterator
from dataclasses import dataclass

from recovery.flows.facts import VOCABULARY, FactKind, is_looked_up, own_kind_of
from recovery.known.catalogue import CATALOGUE, GROUPS
from recovery.known.columns import columns
from recovery.known.lists import lists


@dataclass(frozen=True, slots=True)
class Described:
    """One fact as callers and the builder see it.

    `is_dated` says that a simulation has it as it was then.
    """

    name: str
    group: str
    kind: FactKind
    is_dated: bool


def kind_of(fact: str) -> FactKind | None:
    """Return what is known of a fact's name; None for one that does not exist."""
    if not is_looked_up(fact):
        return own_kind_of(fact)
    if fact in CATALOGUE:
        return CATALOGUE[fact].kind
    if fact in lists():
        return lists()[fact].kind
    column = columns().get(fact)
    return None if column is None else column.kind


def every_fact() -> Iterator[Described]:
    """Yield every fact that has a name, group by group."""
    for name, kind in VOCABULARY.items():
        yield Described(name, "This payment", kind, is_dated=True)
    for name, fact in CATALOGUE.items():
        yield Described(name, GROUPS[name.partition(".")[0]], fact.kind, fact.is_dated)
    for name, fact in lists().items():
        table = name.rpartition(".")[0]
        yield Described(name, f"All rows of {table}", fact.kind, fact.is_dated)
    for name, column in columns().items():
        yield Described(name, f"Columns of {column.table}", column.kind, is_dated=False)
