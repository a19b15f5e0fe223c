"""How does recovery stand today? What is at risk, in work, back and lost, by currency and reason.

All of it is read from Postgres, where episodes live: the figures are those of this moment.
"""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from core.clock import utc_now
from recovery.store import settings
from serving.recovery_pages import board_queries as queries
from serving.recovery_pages.shell import PREFIX, shell
from serving.web.pages import PageRoute
from serving.web.visits import AnyVisit, RecoveryLook

router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix=PREFIX)

# Days looked back on; 0 is from the beginning.
PERIODS = {7: "7 days", 30: "30 days", 90: "90 days", 0: "All time"}
Period = Annotated[Literal["7", "30", "90", "0"], Query()]
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@router.get("")
def get_board(visit: AnyVisit, scope: RecoveryLook, days: Period = "30") -> Response:
    """Show today's board."""
    now, since = utc_now(), since_of(int(days))
    with scope.transaction() as rows:
        figures = rows.execute(queries.FIGURES, {"since": since}).fetchall()
        by_reason = rows.execute(queries.REASONS, {"since": since}).fetchall()
        attention = rows.execute(queries.ATTENTION).fetchone()
        coming = rows.execute(queries.NEXT).fetchall()
        tasks = rows.execute(queries.TASKS).fetchall()
        connections = rows.execute(settings.LIST).fetchall()
    reasons = {
        currency: list(found) for currency, found in groupby(by_reason, itemgetter("currency"))
    }
    return shell(
        visit, scope, "board", "recovery/board.html", as_of=now, days=int(days), periods=PERIODS,
        figures=figures, reasons=reasons, attention=attention, coming=coming, tasks=tasks,
        enabled=[one for one in connections if one["is_enabled"]],
        disabled=[one for one in connections if not one["is_enabled"]],
    )  # fmt: skip


def since_of(days: int) -> datetime:
    """Return the moment from which a period of the pages counts."""
    return utc_now() - timedelta(days=days) if days else _BEGINNING
