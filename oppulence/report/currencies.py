"""How is one currency kept apart from another?"""

from collections.abc import Iterable, Mapping
from typing import Any


def by_currency(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Group rows."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row["currency"]), []).append(row)
    return found
