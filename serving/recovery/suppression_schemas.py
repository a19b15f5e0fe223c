"""How do suppressed addresses look to callers? By hash, with who said so and when."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from recovery.payer.addresses import phone_number

Channel = Literal["email", "sms"]
Reason = Literal["bounced", "complained", "unsubscribed", "by_hand"]


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("only printable characters, on one line")
    return text


Ground = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=10, max_length=300),
    AfterValidator(_one_line),
]


class Suppression(BaseModel):
    """An address that is not written to any more. The address itself is not kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channel": "email",
                    "address_hash": "0b5d…",
                    "reason": "unsubscribed",
                    "told_by": "payer",
                    "episode_id": "ep_5k2m8w0c1t7e9b3n6x4q0r2hz",
                    "created_at": "2024-05-01T12:00:00Z",
                }
            ]
        }
    )

    channel: Channel
    address_hash: str = Field(description="SHA-256 of the trimmed address in lower case")
    reason: Reason
    told_by: str = Field(description="`payer`, `relay`, or whose key or session it was")
    episode_id: str | None = Field(description="About which it was being written")
    created_at: datetime


class SuppressionRequest(BaseModel):
    """An address to leave alone: a bounce or complaint that a mail provider reports, or a wish.

    A number says its country and may be written in any way (`+49 170 …`, `0049170…`): nothing is
    sent to another, which could never be told to be this one.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"channel": "email", "address": "ada@example.com"}]},
    )

    channel: Channel = "email"
    address: Annotated[
        str, StringConstraints(strip_whitespace=True, pattern=r"^[ -~]+$", max_length=254)
    ]
    reason: Reason = "by_hand"

    @model_validator(mode="after")
    def _is_reached(self) -> "SuppressionRequest":
        """Refuse what no message would ever be sent to: it would be left alone in vain."""
        if self.channel == "sms" and not phone_number(self.address):
            raise ValueError("a number says its country, such as +49 170 1234567")
        if self.channel == "email" and not re.fullmatch(r"[^ @]+@[^ @]+", self.address):
            raise ValueError("an address of mail is name@domain")
        return self


class SuppressionChange(BaseModel):
    """Write to an address again. What its owner wished is undone for a stated ground only."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"do": "release", "because": "Asked for reminders again on the phone."}]
        },
    )

    do: Literal["release"]
    because: Ground | None = Field(default=None, description="Kept in the audit log")


def suppression_of(row: Mapping[str, Any]) -> Suppression:
    """Return a row as it is shown."""
    return Suppression(**{**row, "episode_id": row["episode_id"] or None})
