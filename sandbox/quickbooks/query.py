"""What does a query of QuickBooks ask for? The part of its language that readers use."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

_QUERY = re.compile(
    r"^\s*select\s+(?P<fields>.+?)\s+from\s+(?P<entity>\w+)"
    r"(?:\s+where\s+(?P<where>.+?))?"
    r"(?:\s+order\s?by\s+(?P<order>[\w.]+)(?:\s+(?P<way>asc|desc))?)?"
    r"(?:\s+startposition\s+(?P<start>\d+))?(?:\s+maxresults\s+(?P<most>\d+))?\s*$",
    re.I | re.S,
)
_CONDITION = re.compile(
    r"^(?P<field>[\w.]+)\s*(?P<sign>=|>=|<=|>|<|\bin\b)\s*(?P<value>\(.*\)|'[^']*'|true|false)$",
    re.I | re.S,
)
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b, ">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, "<": lambda a, b: a < b,
}  # fmt: skip


class QueryError(ValueError):
    """The text is no query that QuickBooks would take."""


@dataclass(frozen=True, slots=True)
class Row:
    """One object as a query sees it; `key` sorts as its id does."""

    id: str
    created_at: int
    updated_at: int
    body: bytes

    @property
    def key(self) -> int:
        """The id as a number."""
        return int(self.id)


@dataclass(frozen=True, slots=True)
class Query:
    """A query taken apart."""

    entity: str
    fields: str
    conditions: tuple[tuple[str, str, str], ...]
    start: int
    most: int

    @classmethod
    def parse(cls, text: str) -> Query:
        """Take a query apart.

        Raises:
            QueryError: It is none.
        """
        found = _QUERY.match(text)
        if found is None:
            raise QueryError(f"QueryParserError: {text[:80]}")
        conditions = []
        for part in re.split(r"\s+and\s+", found["where"] or "", flags=re.I):
            if not part:
                continue
            condition = _CONDITION.match(part.strip())
            if condition is None:
                raise QueryError(f"QueryParserError: Encountered {part[:80]}")
            conditions.append((condition["field"], condition["sign"].lower(), condition["value"]))
        most = int(found["most"] or 100)
        if not 1 <= most <= 1000:
            raise QueryError("QueryValidationError: MaxResults must be between 1 and 1000")
        if found["order"] and found["order"].lower() != "id":
            raise QueryError(f"QueryValidationError: property {found['order']} is not sortable")
        start = int(found["start"] or 1)
        return cls(found["entity"], found["fields"], tuple(conditions), start, most)

    def select(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that a query finds, in the order of their ids, before it is cut into pages."""
        found = list(rows)
        for field, sign, value in self.conditions:
            found = [row for row in found if _holds(row, field, sign, value)]
        return sorted(found, key=lambda row: row.key)

    def page(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows of the page that is asked for."""
        return rows[self.start - 1 : self.start - 1 + self.most]


def _holds(row: Row, field: str, sign: str, value: str) -> bool:
    if field == "Active":
        return "true" in value.lower()
    if field == "Id":
        wanted = re.findall(r"'([^']*)'", value)
        return row.id in wanted
    moments = {"MetaData.CreateTime": row.created_at, "MetaData.LastUpdatedTime": row.updated_at}
    if field not in moments or sign not in _SIGNS:
        raise QueryError(f"QueryValidationError: Property {field} not found for Entity")
    return _SIGNS[sign](moments[field], seconds(value.strip("'")))


def seconds(text: str) -> int:
    """A moment in a query or a parameter, in seconds.

    Raises:
        QueryError: It is none.
    """
    try:
        return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())
    except ValueError:
        raise QueryError(f"QueryValidationError: Invalid DateTime {text}") from None
