"""What would a draft have done with the past? `POST /v1/recovery/flows/{id}/simulations`."""

from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.clock import utc_now
from core.errors import ConflictError, InvalidInputError, NotFoundError
from core.warehouse import TenantQuery
from recovery.declines import load_declines
from recovery.engine.episode import Terms
from recovery.flows.document import flow_of
from recovery.simulation.history import PastFailure, failures_of
from recovery.simulation.outcome import CurrencyOutcome, simulate
from recovery.simulation.reached import StepOutcome
from recovery.simulation.replay import Planned
from serving.auth.scope import RecoveryRead
from serving.engines import ServerSettings
from serving.recovery import flow_actions
from serving.recovery.flow_schemas import Document
from serving.responses import problems
from serving.words import Id

router = APIRouter(prefix="/v1/recovery", tags=["recovery"])
TABLE = "unified.payment_attempts"
MOST_FAILURES = 10_000
DAYS = 365
BASIS = (
    "The draft's own tries, each taken as declined, with the rates at which tries of the same kind"
    " of refusal, wait and number were paid in this workspace's past. Messages and new cards are"
    " not counted: nothing in the past tells what they would bring."
)
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
    advice_code, payment_method_type, occurred_at
from unified.payment_attempts final
where (connection_id, payment_id) in (select connection_id, payment_id from chosen)
    and currency is not null and amount_minor > 0
order by payment_id, occurred_at, id
""")

_PLAN: JsonDict = {
    "payment_id": "pi_16YnH8jV2yVF0013",
    "failed_at": "2024-04-01T12:00:00Z",
    "amount_minor": 4900,
    "currency": "EUR",
    "was_recovered": False,
    "steps": [{"at": "2024-04-03T12:00:00Z", "kind": "retry", "step": "tries"}],
}
_CURRENCY: JsonDict = {
    "currency": "EUR",
    "failures": 40,
    "at_risk_minor": 196000,
    "past_recovered_minor": 98000,
    "expected_minor": 104000,
    "low_minor": 88000,
    "high_minor": 121000,
}
_AT_STEP: JsonDict = {
    "step": "tries",
    "episodes": 40,
    "actions": 90,
    "expected_tries": "71.4",
    "cash": [
        {"currency": "EUR", "expected_minor": 104000, "low_minor": 88000, "high_minor": 121000}
    ],
}


class SimulationRequest(BaseModel):
    """Which past is replayed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"days": 365}]})

    days: int = Field(default=DAYS, ge=1, le=3650, description="Failures of so many days back")
    connection_id: Id | None = None
    document: Document | None = Field(
        default=None, description="Replayed in place of the saved draft, which stays as it is"
    )


class SimulatedCurrency(BaseModel):
    """One currency's failures that the draft takes; the interval holds nine of ten outcomes."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CURRENCY]})

    currency: str
    failures: int
    at_risk_minor: int
    past_recovered_minor: int = Field(description="What came back then, by whatever means")
    expected_minor: int = Field(description="What the draft's tries would bring")
    low_minor: int
    high_minor: int

    @classmethod
    def of(cls, outcome: CurrencyOutcome) -> "SimulatedCurrency":
        """Return an outcome as it is shown."""
        return cls(**{name: getattr(outcome, name) for name in cls.model_fields})


class SimulatedCash(BaseModel):
    """What the tries of one step would bring in a currency; nine of ten outcomes lie between."""

    currency: str
    expected_minor: int
    low_minor: int
    high_minor: int


class SimulatedAtStep(BaseModel):
    """One step of the draft. The cash of all steps is that of the flow; intervals do not add up."""

    model_config = ConfigDict(json_schema_extra={"examples": [_AT_STEP]})

    step: str
    episodes: int = Field(description="Failures that come to it if every try fails")
    actions: int = Field(description="What it does, at most")
    expected_tries: str = Field(description="Tries that it would make, each only if needed")
    cash: list[SimulatedCash]

    @classmethod
    def of(cls, outcome: StepOutcome) -> "SimulatedAtStep":
        """Return a step's outcome as it is shown."""
        cash = [
            SimulatedCash(**{name: getattr(one, name) for name in SimulatedCash.model_fields})
            for one in outcome.cash
        ]
        return cls(
            step=outcome.step, episodes=outcome.episodes, actions=outcome.actions,
            expected_tries=f"{outcome.expected_tries:.1f}", cash=cash,
        )  # fmt: skip


class SimulatedStep(BaseModel):
    """One thing that would have been done."""

    at: datetime
    kind: str
    step: str


class SimulatedEpisode(BaseModel):
    """One past failure, and what the draft would have done if every try had failed."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PLAN]})

    payment_id: str
    failed_at: datetime
    amount_minor: int
    currency: str
    was_recovered: bool
    steps: list[SimulatedStep]

    @classmethod
    def of(cls, failure: PastFailure, plan: tuple[Planned, ...]) -> "SimulatedEpisode":
        """Return a replay as it is shown."""
        return cls(
            payment_id=failure.id, failed_at=failure.failed_at, amount_minor=failure.amount_minor,
            currency=failure.currency, was_recovered=failure.is_recovered,
            steps=[SimulatedStep(at=one.at, kind=one.kind, step=one.step) for one in plan],
        )  # fmt: skip


class SimulationAnswer(BaseModel):
    """What a draft would have done, and what would have come of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "failures": 60, "taken": 40, "is_truncated": False, "tries_learned_from": 150,
                    "actions": {"retry": 90, "message": 40}, "expected_tries": "71.4",
                    "currencies": [_CURRENCY], "steps": [_AT_STEP], "episodes": [_PLAN],
                    "basis": BASIS,
                }
            ]
        }
    )  # fmt: skip

    failures: int = Field(description="Past failures that were looked at")
    taken: int = Field(description="Those that the draft's trigger takes")
    is_truncated: bool = Field(
        description=f"There were more than {MOST_FAILURES}: the newest count"
    )
    tries_learned_from: int
    actions: dict[str, int] = Field(description="At most so many of each kind: if every try failed")
    expected_tries: str = Field(description="Tries that would be made, each only if needed")
    currencies: list[SimulatedCurrency]
    steps: list[SimulatedAtStep]
    episodes: list[SimulatedEpisode] = Field(description="The first fifty")
    basis: str


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
    found = simulate(draft, newest, Terms("oppulence", ZoneInfo("UTC")))
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
        basis=BASIS,
    )
