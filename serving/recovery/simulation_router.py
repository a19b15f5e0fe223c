"""What would a draft have done with the past? `POST /v1/recovery/flows/{id}/simulate`."""

from typing import Annotated

from fastapi import APIRouter, Path

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, InvalidInputError, NotFoundError
from recovery.flows.document import flow_of
from recovery.simulation.outcome import simulate
from recovery.store import settings as recovery_settings
from serving.auth.scope import RecoveryRead
from serving.engines import ServerSettings
from serving.recovery import flow_actions
from serving.recovery.simulation_actions import past_of
from serving.recovery.simulation_schemas import (
    BASIS,
    SimulatedAtStep,
    SimulatedCurrency,
    SimulatedEpisode,
    SimulatedGoal,
    SimulationAnswer,
    SimulationRequest,
)
from serving.responses import problems
from serving.words import Id

router = APIRouter(prefix="/v1/recovery", tags=["recovery"])


@router.post(
    "/flows/{flow_id}/simulate",
    summary="Replay the past through a draft",
    operation_id="simulate_recovery_flow",
    responses=problems(NotFoundError, ConflictError, InvalidInputError),
)
def post_simulation(
    scope: RecoveryRead,
    flow_id: Annotated[Id, Path(examples=["flow_5k2m8w0c1t7e9b3n6x4q0r2hz"])],
    request: SimulationRequest,
    settings: ServerSettings,
) -> SimulationAnswer:
    """Say what the draft would have done with past failures, and what would have come of it."""
    with scope.transaction() as rows:
        kept = flow_actions.find(rows, flow_id)["draft"]
        zone = _zone(rows, request.connection_id)
    draft = flow_of(kept if request.document is None else request.document)
    past = past_of(scope, draft, request, settings.dbt_project_dir, utc_now())
    found = simulate(draft, past.failures, recovery_settings.terms_of("oppulence", zone))
    return SimulationAnswer(
        failures=found.failures,
        taken=found.taken,
        is_truncated=past.is_truncated,
        tries_learned_from=found.tries_learned_from,
        actions=dict(found.actions),
        expected_tries=f"{found.expected_tries:.1f}",
        currencies=[SimulatedCurrency.of(one) for one in found.currencies],
        steps=[SimulatedAtStep.of(one) for one in found.steps],
        goals=[SimulatedGoal.of(one) for one in found.goals],
        episodes=[SimulatedEpisode.of(*plan) for plan in found.plans],
        held_back=found.held_back,
        known_then=list(past.known_then),
        known_today=list(past.known_today),
        basis=BASIS,
    )


def _zone(rows: Rows, connection_id: str | None) -> str:
    """Return whose clock counts where a customer's is not known; UTC where there are several."""
    zones = {
        str(row["timezone"])
        for row in rows.execute(recovery_settings.LIST)
        if connection_id in (None, row["connection_id"])
    }
    return zones.pop() if len(zones) == 1 else "UTC"
