"""What does a simulation look like to callers? The past that is replayed, what comes of it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from recovery.simulation.goals import GoalOutcome
from recovery.simulation.history import PastFailure
from recovery.simulation.outcome import CurrencyOutcome
from recovery.simulation.reached import StepOutcome
from recovery.simulation.replay import Planned
from serving.recovery.flow_schemas import Document
from serving.words import Id

MOST_FAILURES = 10_000
DAYS = 365
BASIS = (
    "The draft's own tries, each taken as declined, with the rates at which tries of the same kind"
    " of refusal, wait and number were paid in this workspace's past, and within the card networks'"
    " limits, counted over all payments that failed on a card. Messages and new cards are"
    " not counted: nothing in the past tells what they would bring."
)

_PLAN: JsonDict = {
    "payment_id": "pi_16YnH8jV2yVF0013",
    "customer_id": "cus_5k2m8w0c1t7e9b",
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
_GOAL: JsonDict = {
    "goal": "paid",
    "title": "Paid in full",
    "at_most": 40,
    "expected": "21.3",
    "low": 18,
    "high": 25,
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


class SimulatedGoal(BaseModel):
    """One goal of the draft. Null where nothing in the past tells: what payers would have done."""

    model_config = ConfigDict(json_schema_extra={"examples": [_GOAL]})

    goal: str
    title: str
    at_most: int | None = Field(description="Failures that can reach it")
    expected: str | None = Field(description="Failures that would have reached it")
    low: int | None = Field(description="Nine of ten outcomes lie between this")
    high: int | None = Field(description="and this")

    @classmethod
    def of(cls, outcome: GoalOutcome) -> "SimulatedGoal":
        """Return a goal's outcome as it is shown."""
        expected = None if outcome.expected is None else f"{outcome.expected:.1f}"
        return cls(
            goal=outcome.goal, title=outcome.title, at_most=outcome.at_most, expected=expected,
            low=outcome.low, high=outcome.high,
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
    customer_id: str = Field(description="Empty for a guest")
    failed_at: datetime
    amount_minor: int
    currency: str
    was_recovered: bool
    steps: list[SimulatedStep]

    @classmethod
    def of(cls, failure: PastFailure, plan: tuple[Planned, ...]) -> "SimulatedEpisode":
        """Return a replay as it is shown."""
        return cls(
            payment_id=failure.id, customer_id=failure.customer_id, failed_at=failure.failed_at,
            amount_minor=failure.amount_minor, currency=failure.currency,
            was_recovered=failure.is_recovered,
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
                    "held_back": 0, "known_then": ["books.open_receivable"],
                    "known_today": ["subscription.plan"],
                    "currencies": [_CURRENCY], "steps": [_AT_STEP],
                    "goals": [_GOAL], "episodes": [_PLAN],
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
    held_back: int = Field(description="Tries that the card networks' limits put off")
    known_then: list[str] = Field(
        description="Facts of the unified layer that are as they were when each payment failed"
    )
    known_today: list[str] = Field(
        description="Facts that it keeps no history of: compared as they are today"
    )
    currencies: list[SimulatedCurrency]
    steps: list[SimulatedAtStep]
    goals: list[SimulatedGoal]
    episodes: list[SimulatedEpisode] = Field(description="The first fifty")
    basis: str
