"""What does usage look like to callers?"""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from serving.rate_limits import RouteClass


class UsageRow(BaseModel):
    """What one caller asked on one day, of one class of routes."""

    day: date = Field(description="UTC")
    caller_id: str = Field(description="The API key's or the member's id")
    route_class: RouteClass = Field(description="`read`, `write`, `sync` or `export`")
    requests: int
    limited: int = Field(description="How many of them were refused with 429")


class Quota(BaseModel):
    """A quota of expensive work over any 24 hours."""

    quota: str = Field(description="`syncs_per_day`, `exports_per_day`")
    limit: int
    left: int


class Usage(BaseModel):
    """One page of a workspace's use of the API, newest day first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "data": [
                        {
                            "day": "2024-05-01",
                            "caller_id": "key_9b3n6x4q0r2hz5k2m8w0c1t7e",
                            "route_class": "read",
                            "requests": 1204,
                            "limited": 0,
                        }
                    ],
                    "has_more": False,
                    "next_cursor": None,
                    "quotas": [{"quota": "syncs_per_day", "limit": 1000, "left": 998}],
                }
            ]
        }
    )

    data: list[UsageRow]
    has_more: bool = Field(description="Whether another page follows")
    next_cursor: str | None = Field(description="Send it as `cursor` for that page")
    quotas: list[Quota] = Field(description="What may still be asked for, now")
