"""How does recovery stand today? What is at risk, in work, back and lost, by currency and reason.

All of it is read from Postgres, where episodes live: the figures are those of this moment.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from markupsafe import Markup

from core.clock import utc_now
from core.database import Rows
from recovery.store import settings
from serving.recovery_pages import board_queries as queries
from serving.recovery_pages.charts import columns
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
        by_reason = rows.execute(queries.REASONS, {"since": since}).fetchall()
        figures = summed(by_reason)
        has_any = bool(figures) or rows.execute(queries.HAS_ANY).fetchone() is not None
        coming = rows.execute(queries.NEXT).fetchall()
        tasks = rows.execute(queries.TASKS).fetchall()
        connections = rows.execute(settings.LIST).fetchall()
        by_day = _by_day(rows, figures[0]["currency"], since) if figures and days != "0" else []
    return shell(
        visit, scope, "board", "recovery/board.html", as_of=now, days=int(days), periods=PERIODS,
        figures=figures, has_any=has_any, by_day=by_day, drawing=_drawn(by_day), coming=coming,
        tasks=tasks,
        reasons={
            one["currency"]: [
                line
                for line in by_reason
                if line["currency"] == one["currency"]
                and line["at_risk"] + line["recovered"] + line["lost"]
            ]
            for one in figures
        },
        attention={
            name: sum(one[name] for one in figures)
            for name in ("without_flow", "paused", "endangered")
        },
        enabled=[one for one in connections if one["is_enabled"]],
        disabled=[one for one in connections if not one["is_enabled"]],
    )  # fmt: skip


def summed(by_reason: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the figures of each currency over all reasons, by payments: amounts do not compare."""
    found: dict[str, dict[str, Any]] = {}
    for line in by_reason:
        total = found.setdefault(line["currency"], {"currency": line["currency"]})
        for name, value in line.items():
            if isinstance(value, int):
                total[name] = total.get(name, 0) + value
    order = ("at_risk", "recovered", "lost")
    return sorted(
        found.values(), key=lambda one: (*(-one[name] for name in order), one["currency"])
    )


def since_of(days: int) -> datetime:
    """Return the moment from which a period of the pages counts."""
    return utc_now() - timedelta(days=days) if days else _BEGINNING


def _by_day(rows: Rows, currency: str, since: datetime) -> list[dict[str, Any]]:
    midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
    asked = {"currency": currency, "first_at": midnight + timedelta(days=1)}
    return rows.execute(queries.DAYS, asked).fetchall()


def _drawn(by_day: list[dict[str, Any]]) -> Markup | None:
    pairs = [(one["failed_minor"], one["recovered_minor"]) for one in by_day]
    if not any(map(any, pairs)):
        return None
    return columns(pairs, f"What failed and what came back on each of {len(pairs)} days")
