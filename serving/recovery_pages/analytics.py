"""What does recovery bring in, and where? Rates and cash by flow, step, arm, refusal and month."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from serving.auth.scope import TenantScope
from serving.recovery.goal_router import goals_of
from serving.recovery.goal_schemas import GoalFigures
from serving.recovery_pages import analytics_queries as queries
from serving.recovery_pages.board import since_of
from serving.recovery_pages.charts import share, steps
from serving.recovery_pages.shell import PREFIX, shell
from serving.recovery_pages.survival import Curve, Ending, recovered_by_day
from serving.recovery_pages.words import plain
from serving.web.formats import percent
from serving.web.pages import PageRoute
from serving.web.visits import AnyVisit, RecoveryLook

router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix=PREFIX + "/analytics")

PERIODS = {30: "30 days", 90: "90 days", 365: "A year", 0: "All time"}
# The curve's length, and the lengths that the table beside it names.
MOST_DAYS, NAMED_DAYS = 45, (1, 3, 7, 14, 30, 45)


@router.get("")
def get_analytics(
    visit: AnyVisit,
    scope: RecoveryLook,
    days: Annotated[Literal["30", "90", "365", "0"], Query()] = "90",
    currency: Annotated[str, Query(pattern="^([A-Z]{3})?$")] = "",
) -> Response:
    """Show the figures of one currency."""
    is_built, since = scope.has_table(queries.MART), since_of(int(days))
    with scope.transaction() as rows:
        known = [row["currency"] for row in rows.execute(queries.POSTGRES_CURRENCIES)]
        if is_built:
            told = [row["currency"] for row in scope.rows(queries.CURRENCIES)]
            known = [*told, *(one for one in known if one not in told)]
        chosen = currency or (known[0] if known else "")
        asked = {"currency": chosen, "since": since}
        by_flow = rows.execute(queries.BY_FLOW, asked).fetchall()
        by_step = rows.execute(queries.BY_STEP, asked).fetchall()
        by_arm = rows.execute(queries.BY_ARM, asked).fetchall()
        goals = goals_of(rows, since, chosen or None)
    return shell(
        visit, scope, "analytics", "recovery/analytics.html", days=int(days), periods=PERIODS,
        currency=chosen, currencies=known, is_built=is_built, by_flow=rated(by_flow),
        by_step=by_step, by_arm=rated(by_arm), goals=[_drawn(one) for one in goals],
        marts=_marts(scope, chosen, since) if is_built and chosen else None,
    )  # fmt: skip


def _drawn(one: GoalFigures) -> dict[str, Any]:
    """Return a goal with its rate and bar, and where and in which arms it was reached."""
    rate = one.reached / one.episodes if one.episodes else 0.0
    title = one.title or plain(one.goal)
    return {
        "said": one,
        "title": title,
        "rate": rate,
        "bar": share(rate, f"{percent(rate)} reached it"),
    }


def rated(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with their recovery rate, by number, and its bar."""
    found = []
    for row in rows:
        rate = row["recovered"] / row["episodes"] if row["episodes"] else 0.0
        drawing = share(rate, f"{percent(rate)} recovered")
        found.append({**row, "rate": rate, "bar": drawing})
    return found


def _marts(scope: TenantScope, currency: str, since: datetime) -> dict[str, Any]:
    asked = {"currency": currency, "since": since}
    endings = [Ending(**row) for row in scope.rows(queries.ENDINGS, asked)]
    curve = recovered_by_day(endings, MOST_DAYS - 1)
    return {
        "total": rated(scope.rows(queries.TOTAL, asked))[0],
        "by_decline_code": rated(scope.rows(queries.BY_DECLINE_CODE, asked)),
        "by_cohort": rated(scope.rows(queries.BY_COHORT, asked)),
        "curve": curve,
        # What lies beyond the last day on which any was at risk is not known, and not drawn.
        "drawing": steps(curve.shares, MOST_DAYS, _label(curve)),
        "named": [
            (days, curve.shares[days - 1], curve.at_risk[days - 1])
            for days in NAMED_DAYS
            if days <= len(curve.shares)
        ],
    }


def _label(curve: Curve) -> str:
    if not curve.shares:
        return "Nothing failed"
    return f"{percent(curve.shares[-1])} recovered within {len(curve.shares)} days"
