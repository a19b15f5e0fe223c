"""How do messages look, and who is left alone? The brand and suppressions, as callers see them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from serving.members.schemas import Email
from serving.words import Name

Channel = Literal["email", "sms"]

_BRAND: JsonDict = {
    "company_name": "Northwind Analytics",
    "support_email": "billing@northwind.example",
    "colour": "#1d4ed8",
    "logo_url": "https://northwind.example/logo.png",
    "postal_address": "Hafenstraße 1, 20457 Hamburg",
}


class Look(BaseModel):
    """How a workspace's messages and payer pages look, and where payers ask."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_BRAND]})

    company_name: Name
    support_email: Email
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")] = "#1d4ed8"
    logo_url: Annotated[
        str, StringConstraints(pattern=r"^(https://[!-~]{1,500})?$", max_length=510)
    ] = ""
    postal_address: Annotated[str, StringConstraints(max_length=300)] = ""


class Suppression(BaseModel):
    """An address that is not written to any more. The address itself is not kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channel": "email",
                    "address_hash": "0b5d…",
                    "reason": "unsubscribed",
                    "created_at": "2024-05-01T12:00:00Z",
                }
            ]
        }
    )

    channel: Channel
    address_hash: str = Field(description="SHA-256 of the trimmed address in lower case")
    reason: str
    created_at: datetime


class SuppressionRequest(BaseModel):
    """An address to leave alone: a bounce or complaint that a mail provider reports, or a wish."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"channel": "email", "address": "ada@example.com"}]},
    )

    channel: Channel = "email"
    address: Annotated[
        str, StringConstraints(strip_whitespace=True, pattern=r"^[!-~]+$", max_length=254)
    ]
    reason: Literal["bounced", "complained", "unsubscribed", "by_hand"] = "by_hand"
