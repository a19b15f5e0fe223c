"""What is one row of the catalogue? A name, its type and words, and what answers it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from core.warehouse import TenantQuery
from recovery.flows.facts import FactKind
from recovery.known.subjects import BROUGHT

VALUES = "{values}"


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A fact of the payer that the unified layer tells.

    Facts of one statement are asked together: its rows are found once for all of them.

    Attributes:
        name: `<group>.<name>`, as conditions write it.
        kind: Its type and what it says. Only money depends on the currency that is asked in.
        asks: A statement that answers `n` and `{values}`, a row for each question that it can
            answer.
        value: What the fact is in such a row; null where it is not known.
        is_dated: It is told as of the moment that is asked about; else as it is today.
    """

    name: str
    kind: FactKind
    asks: str
    value: str
    is_dated: bool = True
    # Read once, so that a statement that cannot be bound to a tenant fails at import.
    tables: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", together([self]).tables)


def together(facts: Iterable[KnownFact]) -> TenantQuery:
    """Return what asks for facts of one statement, as `value_0`, `value_1`, … in their order."""
    named = list(facts)
    (asks,) = {fact.asks for fact in named}
    return _query(asks, tuple(fact.value for fact in named))


@lru_cache(maxsize=512)
def _query(asks: str, values: tuple[str, ...]) -> TenantQuery:
    listed = ", ".join(f"{value} as value_{place}" for place, value in enumerate(values))
    return TenantQuery(asks.replace(VALUES, listed), brings=(BROUGHT,))
