"""Which addresses are left alone, and until when? The same for the API and the pages."""

from collections.abc import Mapping
from typing import Any

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, NotFoundError
from recovery.payer.addresses import address_hash
from recovery.payer.suppressing import WISHES, suppress_address
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.pagination import Cursor
from serving.recovery import suppression_queries as queries
from serving.recovery.suppression_schemas import (
    Suppression,
    SuppressionChange,
    SuppressionRequest,
    suppression_of,
)
from serving.times import LATEST


class WishStandsError(ConflictError):
    """The address's owner asked not to be written to, and nobody says why that should end."""

    code = "wish_stands"
    title = "Its owner asked to be left alone"


def suppressions_of(
    rows: Rows,
    limit: int,
    cursor: str | None,
    *,
    channel: str | None = None,
    reason: str | None = None,
    name: str | None = None,
) -> list[dict[str, Any]]:
    """Return a page's rows, newest first, and one more where another page follows.

    Raises:
        InvalidInputError: The cursor is not one that this list has given.
    """
    after = Cursor(LATEST, ("", "")) if cursor is None else Cursor.decode(cursor, names=2)
    values = {
        "channel": channel, "reason": reason, "address_hash": name, "limit": limit + 1,
        "after_at": after.moment, "after_channel": after.name[0], "after_name": after.name[1],
    }  # fmt: skip
    return rows.execute(queries.PAGE, values).fetchall()


def cursor_of(row: Mapping[str, Any]) -> Cursor:
    """Return the cursor that names a row as the last one seen."""
    return Cursor(row["created_at"], (row["channel"], row["address_hash"]))


def create(scope: TenantScope, rows: Rows, request: SuppressionRequest) -> Suppression:
    """Write to an address no more; what its owner said before stands."""
    name = address_hash(request.address)
    suppress_address(
        rows, str(scope.tenant), request.channel, name, request.reason, utc_now(),
        told_by=scope.principal.name,
    )  # fmt: skip
    record(rows, scope, "recovery_suppression.created", name, channel=request.channel,
           reason=request.reason)  # fmt: skip
    row = rows.execute(queries.ONE, {"channel": request.channel, "address_hash": name}).fetchone()
    assert row is not None, "it is there now, whoever said it first"
    return suppression_of(row)


def change(
    scope: TenantScope, rows: Rows, channel: str, name: str, request: SuppressionChange
) -> Suppression:
    """Let messages go to an address again; return what was lifted.

    Raises:
        NotFoundError: It is not suppressed.
        WishStandsError: Its owner asked to be left alone, and no ground is given.
    """
    named = {"channel": channel, "address_hash": name}
    row = rows.execute(queries.LOCK, named).fetchone()
    if row is None:
        raise NotFoundError(
            "This address is not suppressed.",
            next_step="GET /v1/recovery/suppressions lists them.",
        )
    if row["reason"] in WISHES and not request.because:
        raise WishStandsError(
            "Its owner asked not to be written to.",
            next_step="Only if they asked for messages again: say so in `because`.",
        )
    rows.execute(queries.RELEASE, named)
    record(rows, scope, "recovery_suppression.released", name, channel=channel,
           reason=row["reason"], because=request.because or "")  # fmt: skip
    return suppression_of(row)
