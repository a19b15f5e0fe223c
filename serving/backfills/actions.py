"""What may be done with backfills? Asked for, looked at, canceled, resumed.

A span longer than a month is cut into months: what is done stays done when it is canceled.
"""

from datetime import datetime
from typing import Any

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, EngineUnavailableError, InvalidInputError, NotFoundError
from core.logs import get_logger
from core.tenancy import new_id
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.backfills import queries
from serving.backfills.driving import move
from serving.backfills.schemas import Backfill, BackfillRequest, Window
from serving.syncs.dagster import Dagster

MOST_WINDOWS = 240
_LOG = get_logger("serving")


def request(scope: TenantScope, rows: Rows, asked: BackfillRequest) -> Backfill:
    """Keep the request; the worker begins it.

    Raises:
        NotFoundError: The workspace has no such connection.
        ConflictError: It cannot be asked.
        InvalidInputError: The span ends before it begins, or is too long.
    """
    connection = rows.execute(queries.CONNECTION, [asked.connection_id]).fetchone()
    if connection is None:
        raise NotFoundError(
            f"There is no connection {asked.connection_id}.",
            next_step="GET /v1/connections lists those there are.",
        )
    if connection["status"] not in ("active", "degraded"):
        raise ConflictError(
            "The connection cannot be asked.", next_step="Reconnect its account first."
        )
    names = {"workspace_id": str(scope.tenant), "id": new_id("backfill")}
    windows = windows_of(asked.since, asked.until)
    with scope.quota(rows):
        rows.execute(
            queries.INSERT,
            {
                **names, "connection_id": connection["id"], "provider": connection["provider"],
                "objects": asked.objects, "now": utc_now(),
            },
        )  # fmt: skip
        for number, (since, until) in enumerate(windows):
            values = {**names, "number": number, "since": since, "until": until}
            rows.execute(queries.INSERT_WINDOW, values)
    record(rows, scope, "backfill.requested", names["id"], connection_id=connection["id"])
    return find(rows, names["id"])


def find(rows: Rows, backfill_id: str) -> Backfill:
    """Return a backfill with its windows.

    Raises:
        NotFoundError: The workspace has no such backfill.
    """
    row = rows.execute(queries.ONE, [backfill_id]).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no backfill {backfill_id}.", next_step="POST /v1/backfills starts one."
        )
    windows = [_window(one) for one in rows.execute(queries.WINDOWS, [backfill_id])]
    return Backfill(
        **row,
        windows=windows,
        windows_done=sum(one.state == "succeeded" for one in windows),
        objects_landed=sum(one.objects_landed for one in windows),
    )


def find_moved(scope: TenantScope, rows: Rows, dagster: Dagster, backfill_id: str) -> Backfill:
    """Return a backfill as it stands now, or as it last stood while Dagster is away.

    Raises:
        NotFoundError: The workspace has no such backfill.
    """
    try:
        move(rows, dagster, str(scope.tenant), backfill_id)
    except EngineUnavailableError as error:
        _LOG.warning("dagster_unavailable", backfill_id=backfill_id, reason=error.detail)
    return find(rows, backfill_id)


def cancel(scope: TenantScope, rows: Rows, dagster: Dagster, backfill_id: str) -> Backfill:
    """End a backfill before its next window, and the run of the present one.

    Raises:
        NotFoundError: The workspace has no such backfill.
        ConflictError: It is over.
        EngineUnavailableError: Dagster does not answer.
    """
    rows.execute(queries.HELD, [backfill_id])
    if find(rows, backfill_id).state != "running":
        raise ConflictError("The backfill is over.", next_step="Start another, or resume it.")
    for window in rows.execute(queries.WINDOWS, [backfill_id]).fetchall():
        if window["state"] == "running":
            dagster.terminate(window["run_id"])
            values = {"id": backfill_id, "number": window["number"], "state": "canceled"}
            rows.execute(queries.WINDOW_ENDED, {**values, "rows": 0})
    rows.execute(queries.ENDED, {"id": backfill_id, "state": "canceled", "now": utc_now()})
    record(rows, scope, "backfill.canceled", backfill_id)
    return find(rows, backfill_id)


def resume(scope: TenantScope, rows: Rows, backfill_id: str) -> Backfill:
    """Go on with the windows that are not done.

    Raises:
        NotFoundError: The workspace has no such backfill.
        ConflictError: It is running, or done.
    """
    rows.execute(queries.HELD, [backfill_id])
    if find(rows, backfill_id).state not in ("failed", "canceled"):
        raise ConflictError("The backfill is running or done.", next_step="GET shows how far.")
    with scope.quota(rows):
        rows.execute(queries.AGAIN, [backfill_id])
        rows.execute(queries.RESUMED, [backfill_id])
    record(rows, scope, "backfill.resumed", backfill_id)
    return find(rows, backfill_id)


def windows_of(
    since: datetime | None, until: datetime | None
) -> list[tuple[datetime | None, datetime | None]]:
    """Cut a span at the firsts of months; one with an open end is one window.

    Raises:
        InvalidInputError: It ends before it begins, or is too long.
    """
    if since is None or until is None:
        return [(since, until)]
    if until <= since:
        raise InvalidInputError(
            "until must be later than since.", next_step="Exchange the two, or leave one out."
        )
    cuts = [since]
    while (after := _next_month(cuts[-1])) < until:
        cuts.append(after)
        if len(cuts) > MOST_WINDOWS:
            raise InvalidInputError(
                f"A backfill covers {MOST_WINDOWS} months at most.",
                next_step="Leave since out for everything.",
            )
    return list(zip(cuts, [*cuts[1:], until], strict=True))


def _next_month(moment: datetime) -> datetime:
    first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    is_december = first.month == 12
    return first.replace(year=first.year + is_december, month=1 if is_december else first.month + 1)


def _window(row: dict[str, Any]) -> Window:
    return Window(
        since=row["since_at"],
        until=row["until_at"],
        state=row["state"],
        objects_landed=row["rows_landed"],
    )
