"""Do flows reach what they are for? `/v1/recovery/goals`."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from core.clock import utc_now
from core.database import Rows
from serving.auth.scope import RecoveryRead
from serving.pagination import Collection
from serving.recovery import goal_queries as queries
from serving.recovery.goal_schemas import GoalAtStep, GoalFigures, GoalInArm
from serving.words import Currency

router = APIRouter(prefix="/v1/recovery/goals", tags=["recovery"])
DAYS = 90


@router.get("", summary="Goals of flows", operation_id="list_recovery_goals")
def get_goals(
    scope: RecoveryRead,
    days: Annotated[int, Query(ge=1, le=3650, description="Episodes of so many days back")] = DAYS,
    currency: Annotated[Currency | None, Query()] = None,
) -> Collection[GoalFigures]:
    """Say how many episodes reached each goal: by flow, by the step they stood at, by arm."""
    with scope.transaction() as rows:
        return Collection(data=goals_of(rows, utc_now() - timedelta(days=days), currency))


def goals_of(rows: Rows, since: datetime, currency: str | None) -> list[GoalFigures]:
    """Return every goal that episodes since then had, flow by flow."""
    asked = {"since": since, "currency": currency}
    steps = rows.execute(queries.BY_STEP, asked).fetchall()
    arms = rows.execute(queries.BY_ARM, asked).fetchall()

    def own(found: list[dict[str, Any]], row: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            one for one in found if (one["flow_id"], one["goal"]) == (row["flow_id"], row["goal"])
        ]

    return [
        GoalFigures(
            **{**row, "title": row["title"] or ""},
            by_step=[
                GoalAtStep(step=one["at_step"] or "", reached=one["reached"])
                for one in own(steps, row)
            ],
            by_arm=[
                GoalInArm(**{name: one[name] for name in GoalInArm.model_fields})
                for one in own(arms, row)
            ],
        )
        for row in rows.execute(queries.BY_FLOW, asked).fetchall()
    ]
