"""What would a draft have done with the past? `POST /v1/recovery/flows/{id}/simulations`."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, InvalidInputError, NotFoundError
from core.warehouse import TenantQuery
from recovery.declines import load_declines
from recovery.flows.document import flow_of
from recovery.simulation.history import failures_of
from recovery.simulation.outcome import simulate
from recovery.store import settings as recovery_settings
from serving.auth.scope import RecoveryRead
from serving.engines import ServerSettings
from serving.recovery import flow_actions
from serving.recovery.simulation_schemas import (
    BASIS,
    MOST_FAILURES,
    SimulatedAtStep,
    SimulatedCurrency,
    SimulatedEpisode,
    SimulationAnswer,
    SimulationRequest,
)
from serving.responses import problems
from serving.words import Id

router = APIRouter(prefix="/v1/recovery", tags=["recovery"])
TABLE = "unified.payment_attempts"
HISTORY = TenantQuery("""
with chosen as (
    select connection_id, payment_id, min(occurred_at) as failed_at
    from unified.payment_attempts final
    where status = 'failed' and occurred_at >= {since:DateTime64(3)}
        and ({connection:String} = '' or connection_id = {connection:String})
    group by connection_id, payment_id
    order by failed_at desc, payment_id
    limit {most:UInt32}
)
select payment_id, customer_id, invoice_id, amount_minor, currency, status, decline_code,
    advice_code, payment_method_type, payment_method_id, occurred_at
from unified.payment_attempts final
where (connection_id, payment_id) in (select connection_id, payment_id from chosen)
    and currency is not null and amount_minor > 0
order by payment_id, occurred_at, id
""")


@router.post(
    "/flows/{flow_id}/simulations",
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
    if not scope.has_table(TABLE):
        raise ConflictError("There is no history yet.", next_step="Sync a connection first.")
    values = {
        "since": utc_now() - timedelta(days=request.days), "most": MOST_FAILURES + 1,
        "connection": request.connection_id or "",
    }  # fmt: skip
    declines = load_declines(settings.dbt_project_dir)
    failures = failures_of(scope.rows(HISTORY, values), declines)
    newest = sorted(failures, key=lambda one: (one.failed_at, one.id))[-MOST_FAILURES:]
    found = simulate(draft, newest, recovery_settings.terms_of("oppulence", zone))
    return SimulationAnswer(
        failures=found.failures,
        taken=found.taken,
        is_truncated=len(failures) > MOST_FAILURES,
        tries_learned_from=found.tries_learned_from,
        actions=dict(found.actions),
        expected_tries=f"{found.expected_tries:.1f}",
        currencies=[SimulatedCurrency.of(one) for one in found.currencies],
        steps=[SimulatedAtStep.of(one) for one in found.steps],
        episodes=[SimulatedEpisode.of(*plan) for plan in found.plans],
        held_back=found.held_back,
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
