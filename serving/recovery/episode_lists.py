"""Which episodes are looked at? One list for the API and the pages, newest first, by a cursor."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.database import Rows
from serving.pagination import Cursor
from serving.recovery import episode_queries as queries
from serving.times import LATEST


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which episodes pass; None lets all through.

    Attributes:
        reason: The kind of the newest refusal; `none` where there is none.
    """

    state: str | None = None
    outcome: str | None = None
    cause: str | None = None
    reason: str | None = None
    currency: str | None = None
    flow_id: str | None = None
    customer_id: str | None = None
    subject_id: str | None = None


def episodes_of(rows: Rows, sieve: Sieve, limit: int, cursor: str | None) -> list[dict[str, Any]]:
    """Return a page's rows, and one more where another page follows.

    Raises:
        InvalidInputError: The cursor is not one that this list has given.
    """
    after = Cursor(LATEST, ("",)) if cursor is None else Cursor.decode(cursor, names=1)
    values = asdict(sieve) | {
        "limit": limit + 1, "after_at": after.moment, "after_id": after.name[0],
    }  # fmt: skip
    return rows.execute(queries.PAGE, values).fetchall()


def cursor_of(row: Mapping[str, Any]) -> Cursor:
    """Return the cursor that names a row as the last one seen."""
    return Cursor(row["opened_at"], (row["id"],))
