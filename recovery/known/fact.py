"""What is one row of the catalogue? A name, its type and words, and what answers it."""

from dataclasses import dataclass

from core.warehouse import TenantQuery
from recovery.flows.facts import FactKind


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A fact of the payer that the unified layer tells.

    Attributes:
        name: `<group>.<name>`, as conditions write it.
        kind: Its type and what it says.
        query: Answers `n` and `value`, a row for each question that it can answer.
        is_dated: It is told as of the moment that is asked about; else as it is today.
    """

    name: str
    kind: FactKind
    query: TenantQuery
    is_dated: bool = True

    @property
    def tables(self) -> tuple[str, ...]:
        """What it reads."""
        return self.query.tables
