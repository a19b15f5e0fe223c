"""Did recovery help? `/v1/recovery/experiments`: the splits of flows, and what is known of each."""

from typing import Annotated

from fastapi import APIRouter, Path

from core.clock import utc_now
from core.errors import NotFoundError
from serving.auth.scope import RecoveryRead
from serving.pagination import Collection
from serving.recovery import experiment_actions as actions
from serving.recovery.experiment_cash import MartsMissingError
from serving.recovery.experiment_schemas import ExperimentDetail, ExperimentSummary
from serving.responses import problems
from serving.words import Word

router = APIRouter(prefix="/v1/recovery/experiments", tags=["recovery"])


@router.get("", summary="List experiments", operation_id="list_recovery_experiments")
def get_experiments(scope: RecoveryRead) -> Collection[ExperimentSummary]:
    """List the splits of published flows, and how many customers were drawn into each arm."""
    with scope.transaction() as rows:
        return Collection(data=actions.summaries(rows))


@router.get(
    "/{name}",
    summary="Analyse an experiment",
    operation_id="get_recovery_experiment",
    responses=problems(NotFoundError, MartsMissingError),
)
def get_experiment(
    scope: RecoveryRead, name: Annotated[Word, Path(examples=["holdout"])]
) -> ExperimentDetail:
    """Say what an arm brought in beyond the holdout, in settled cash, or "not yet" and why."""
    return actions.detail(scope, name, utc_now())
