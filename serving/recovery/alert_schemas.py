"""What does a test alert look like to callers? Where it goes, and what became of it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

AlertChannel = Literal["slack", "email"]


class AlertTestRequest(BaseModel):
    """Where the alert is sent: to the workspace's Slack channel, or to its brand's own address."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"channel": "slack"}]}
    )

    channel: AlertChannel


class AlertTest(BaseModel):
    """What became of a test alert."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "slack", "delivery": "handed_over", "to": ""}]}
    )

    channel: AlertChannel
    delivery: Literal["handed_over", "unknown"] = Field(
        description="`unknown`: it left, and nobody said whether it was taken"
    )
    to: str = Field(description="The address, of mail; a channel's is never shown")
