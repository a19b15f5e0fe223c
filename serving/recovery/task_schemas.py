"""What do tasks look like to callers? What is asked, about which payment, and if it is done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.money import format_minor

TaskState = Literal["open", "done"]

_TASK: JsonDict = {
    "id": "task_5k2m8w0c1t7e9b3n6x4q0r2hz",
    "episode_id": "ep_5k2m8w0c1t7e9b3n6x4q0r2hz",
    "instruction": "Call the customer: the bank wants a new mandate.",
    "state": "open",
    "created_at": "2024-05-03T12:00:00Z",
    "done_at": None,
    "done_by": None,
    "cause": "debit_returned",
    "customer_id": "cus_1NwLive00000001",
    "subject_id": "in_1NwLive00000030",
    "amount": "49.00",
    "amount_minor": 4900,
    "currency": "EUR",
    "episode_state": "running",
}


class Task(BaseModel):
    """Something that a flow, or a payer, asks a person to do."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TASK]})

    id: str
    episode_id: str
    instruction: str
    state: TaskState
    created_at: datetime
    done_at: datetime | None
    done_by: str | None = Field(description="Who did it: a member's address, or a key's name")
    cause: str = Field(description="How the episode's payment fails")
    customer_id: str
    subject_id: str
    amount: str
    amount_minor: int
    currency: str
    episode_state: Literal["running", "paused", "ended"]


class TaskChange(BaseModel):
    """What is to become of a task."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"do": "complete"}]})

    do: Literal["complete", "reopen"]


def task_of(row: Mapping[str, Any]) -> Task:
    """Return a row as callers see it."""
    return Task(
        **{
            **row,
            "state": "open" if row["done_at"] is None else "done",
            "done_by": row["done_by"] or None,
            "amount": format_minor(row["amount_minor"], str(row["currency"])),
        }
    )
