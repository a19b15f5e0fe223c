"""What do the goals of flows look like to callers? How many episodes reached each, and where."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

_STEP: JsonDict = {"step": "ask_for_card", "reached": 11}
_ARM: JsonDict = {"experiment": "soft_decline", "arm": "flow", "episodes": 36, "reached": 14}
_GOAL: JsonDict = {
    "flow_id": "flow_5k2m8w0c1t7e9b3n6x4q0r2hz",
    "flow": "Soft declines",
    "goal": "new_method",
    "title": "A new method was given",
    "episodes": 40,
    "reached": 14,
    "by_step": [_STEP],
    "by_arm": [_ARM],
}


class GoalAtStep(BaseModel):
    """A step, and how many episodes stood at it when they reached the goal."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STEP]})

    step: str
    reached: int


class GoalInArm(BaseModel):
    """An arm of an experiment, and how many of its episodes reached the goal."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ARM]})

    experiment: str
    arm: str
    episodes: int
    reached: int


class GoalFigures(BaseModel):
    """A goal of a flow: of how many episodes it was one, and how many reached it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_GOAL]})

    flow_id: str
    flow: str
    goal: str
    title: str
    episodes: int = Field(description="Of versions that declare it, whatever became of them")
    reached: int
    by_step: list[GoalAtStep]
    by_arm: list[GoalInArm]
