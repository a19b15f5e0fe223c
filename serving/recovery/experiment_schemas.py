"""What do experiments look like to callers? Arms, intervals, checks, a verdict with its reason."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from recovery.experiments.analysis import Verdict

_INTERVAL: JsonDict = {"estimate": 0.081, "lower": 0.012, "upper": 0.15}
_SUMMARY: JsonDict = {
    "name": "holdout",
    "flow_id": "flow_5k2m8w0c1t7e9b3n6x4q0r2hz",
    "flow_name": "Soft declines",
    "holdout": "holdout",
    "shares": {"flow": 90, "holdout": 10},
    "assigned": {"flow": 812, "holdout": 91},
    "first_at": "2024-05-01T12:00:00Z",
    "goals": {"new_method": "A new method was given"},
}


class ExperimentSummary(BaseModel):
    """A split of a flow, and how many customers were drawn into each arm."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SUMMARY]})

    name: str
    flow_id: str
    flow_name: str
    holdout: str = Field(description="The arm that the others are compared with")
    shares: dict[str, int] = Field(description="Percent of the customers, as drawn now")
    assigned: dict[str, int]
    first_at: datetime | None
    goals: dict[str, str] = Field(description="The flow's goals, and what each is called")


class Bounds(BaseModel):
    """An estimate between two bounds of 95 % (shared between the arms)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_INTERVAL]})

    estimate: float
    lower: float
    upper: float


class ArmOutcome(BaseModel):
    """What an arm's matured customers came to."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"units": 640, "recovered": 410, "rate": 0.6406}]}
    )

    units: int
    recovered: int
    rate: float


class CashOutcome(BaseModel):
    """What settled in one currency, and what of it would not have come by itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "currency": "EUR",
                    "treated_minor": 2411900,
                    "control_minor": 210300,
                    "lift_minor": 310400,
                    "lift_lower_minor": 40100,
                    "lift_upper_minor": 580900,
                }
            ]
        }
    )

    currency: str
    treated_minor: int
    control_minor: int
    lift_minor: int | None = Field(description="Null where too little is known for an interval")
    lift_lower_minor: int | None
    lift_upper_minor: int | None


class GoalOutcome(BaseModel):
    """How many matured customers of an arm and of the holdout reached a goal of the flow."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "goal": "new_method",
                    "treated": {"units": 640, "recovered": 210, "rate": 0.3281},
                    "control": {"units": 91, "recovered": 9, "rate": 0.0989},
                    "difference": _INTERVAL,
                }
            ]
        }
    )

    goal: str
    treated: ArmOutcome = Field(description="`recovered` counts those who reached it")
    control: ArmOutcome
    difference: Bounds = Field(description="Newcombe; no verdict follows from it")


class ArmComparison(BaseModel):
    """One arm against the holdout."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "arm": "flow",
                    "verdict": "not_yet",
                    "reason": "731 of about 16884 outcomes that the effect needs are known.",
                    "treated": {"units": 640, "recovered": 410, "rate": 0.6406},
                    "control": {"units": 91, "recovered": 51, "rate": 0.5604},
                    "single_look": _INTERVAL,
                    "every_look": {"estimate": 0.081, "lower": -0.06, "upper": 0.22},
                    "cash": [],
                    "goals": [],
                }
            ]
        }
    )

    arm: str
    verdict: Verdict
    reason: str
    treated: ArmOutcome
    control: ArmOutcome
    single_look: Bounds = Field(description="Newcombe; right on one day that was chosen before")
    every_look: Bounds | None = Field(description="Right at every look; the verdict follows it")
    cash: list[CashOutcome]
    goals: list[GoalOutcome] = Field(description="Secondary: settled cash alone decides")


class ExperimentCheck(BaseModel):
    """Whether the experiment was carried out as designed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "sample_ratio", "passed": True, "p_value": 0.61, "detail": "flow 812 …"}
            ]
        }
    )

    name: str
    passed: bool
    p_value: float | None
    detail: str


class ExperimentDetail(ExperimentSummary):
    """An experiment as it stands: over customers whose outcome is known, in settled cash."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_SUMMARY,
                    "as_of": "2024-09-01T12:00:00Z",
                    "maturity_days": 30,
                    "effect": 0.05,
                    "matured": 731,
                    "unknown": 0,
                    "needed": 16884,
                    "checks": [],
                    "comparisons": [],
                }
            ]
        }
    )

    as_of: datetime
    maturity_days: int
    effect: float = Field(description="The difference that the experiment is made to see")
    matured: int = Field(description="Customers whose outcome is known")
    unknown: int = Field(
        description="Customers whose time is over, and of whom nobody can tell what settled: the"
        " marts do not have it, or the account was not read since. They are in no comparison, and"
        " there is no verdict while there are any"
    )
    needed: int | None = Field(description="Outcomes that the effect needs; null before a rate")
    checks: list[ExperimentCheck]
    comparisons: list[ArmComparison]
