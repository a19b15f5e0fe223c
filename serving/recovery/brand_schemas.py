"""How does a brand look to callers? Who speaks, in which voice and colours."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from recovery.messages.templates import Tone
from serving.members.schemas import Email
from serving.words import Name

_BRAND: JsonDict = {
    "company_name": "Northwind Analytics",
    "sender_name": "Billing at Northwind",
    "support_email": "billing@northwind.example",
    "colour": "#1d4ed8",
    "logo_url": "https://northwind.example/logo.png",
    "postal_address": "Hafenstraße 1, 20457 Hamburg",
    "voice": "friendly",
}


class Look(BaseModel):
    """How a workspace's messages and payer pages look, and where payers ask."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_BRAND]})

    company_name: Name
    sender_name: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$"),
    ] = Field(default="", description="Whom mail is from, where it is not the company's name")
    support_email: Email
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")] = "#1d4ed8"
    logo_url: Annotated[
        str, StringConstraints(pattern=r"^(https://[!-~]{1,500})?$", max_length=510)
    ] = ""
    postal_address: Annotated[str, StringConstraints(max_length=300)] = ""
    voice: Tone = Field(
        default=Tone.NEUTRAL, description="How one speaks where a flow's step names no tone"
    )
