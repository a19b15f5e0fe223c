"""How does a workspace's Slack channel look to callers? Its address is never shown."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# Elsewhere a webhook of Slack's never is: no other host is told of a workspace's payers.
WEBHOOK = r"^https://hooks\.slack(-gov)?\.com/[A-Za-z0-9/_-]+$"
ADDRESS = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"


class SlackRequest(BaseModel):
    """The incoming webhook of a channel, as Slack shows it; null to have none."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"webhook_url": ADDRESS}]}
    )

    webhook_url: (
        Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=WEBHOOK)]
        | None
    )


class SlackChannel(BaseModel):
    """Whether alerts go to a Slack channel, and who settled that."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "is_set": True, "updated_at": "2024-05-01T12:00:00Z",
                    "updated_by": "ada@example.com",
                }
            ]
        }
    )  # fmt: skip

    is_set: bool = Field(description="False: alerts are written into the installation's folder")
    updated_at: datetime | None = None
    updated_by: str = ""
