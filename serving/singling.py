"""Which of several rows of one id is meant? Ids are unique in a connection, not among them."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import ConflictError


class AmbiguousIdError(ConflictError):
    """More than one connection has something of this id; name the connection."""

    code = "ambiguous_id"
    title = "The id is not unique"


def the_only_one(rows: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """Return the only row.

    Raises:
        AmbiguousIdError: There is more than one.
    """
    if len(rows) > 1:
        connections = ", ".join(str(row["connection_id"]) for row in rows)
        raise AmbiguousIdError(
            f"{name} exists in more than one connection: {connections}, …",
            next_step="Add connection_id to the request.",
        )
    return rows[0]
