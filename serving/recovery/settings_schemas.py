"""What does a connection's recovery look like to callers? Whether, who retries, whose clock."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

_EXAMPLE: JsonDict = {
    "connection_id": "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
    "name": "Northwind Analytics",
    "is_enabled": True,
    "owner": "oppulence",
    "timezone": "Europe/Dublin",
    "grace_days": 14,
    "swept_at": "2024-05-01T12:00:00Z",
}


class ConnectionTerms(BaseModel):
    """How payments of one connection are recovered."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    connection_id: str
    name: str
    is_enabled: bool
    owner: Literal["provider", "oppulence"]
    timezone: str
    grace_days: int | None = Field(description="How long a subscription goes on unpaid")
    swept_at: datetime | None = Field(description="When the account was last walked")


class TermsRequest(BaseModel):
    """Whether, who retries, and whose clock counts where a customer's is not known."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "is_enabled": True,
                    "owner": "oppulence",
                    "timezone": "Europe/Dublin",
                    "grace_days": 14,
                }
            ]
        },
    )

    is_enabled: bool
    owner: Literal["provider", "oppulence"] = Field(
        default="provider",
        description="`provider`: Stripe's Smart Retries, we only write. `oppulence`: each invoice"
        " is taken over before we wait or retry, and Stripe must say that it will not",
    )
    timezone: str = Field(default="UTC", max_length=64, description="IANA name")
    grace_days: int | None = Field(
        default=None,
        ge=0,
        le=365,
        strict=True,
        description="How many days after an invoice is due a subscription goes on unpaid: what"
        " messages say of the end of access. Null: they say nothing of it",
    )
