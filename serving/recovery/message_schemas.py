"""What do messages look like to callers? Words, what was found in them, the brand, suppressions."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from recovery.messages.templates import Purpose, Tone
from recovery.tone.findings import Check
from serving.members.schemas import Email
from serving.words import Name

Language = Literal["en", "de", "fr", "es"]
Channel = Literal["email", "sms"]
Line = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Paragraph = Annotated[str, StringConstraints(min_length=1, max_length=4000)]

_WORDS: JsonDict = {
    "subject": "Reminder: {{ amount }} is open",
    "preheader": "You can pay now or choose a later day.",
    "paragraphs": [
        "Hello{% if customer_name %} {{ customer_name }}{% endif %},",
        "{{ amount }}{% if due_on %}, due on {{ due_on }},{% endif %} is still open.",
        "If you have questions, write to {{ support_email }}.",
        "Kind regards\n{{ company_name }}",
    ],
    "action": "Pay now",
    "sms": "{{ company_name }}: {{ amount }} is still open. Pay here or choose a later day:",
}
_NAMED: JsonDict = {"purpose": "reminder", "language": "en", "tone": "neutral"}
_FINDING: JsonDict = {
    "check": "false_urgency",
    "is_blocking": True,
    "part": "body",
    "start": 41,
    "end": 56,
    "excerpt": "within 24 hours",
    "reason": "It hurries without a day: pressure is no information.",
    "suggestion": "Name the day by which it matters, with {{ access_ends_on }}.",
}
_BRAND: JsonDict = {
    "company_name": "Northwind Analytics",
    "support_email": "billing@northwind.example",
    "colour": "#1d4ed8",
    "logo_url": "https://northwind.example/logo.png",
    "postal_address": "Hafenstraße 1, 20457 Hamburg",
}


class Words(BaseModel):
    """A template's words. Its last two paragraphs stand below the button."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_WORDS]})

    subject: Line
    preheader: Line
    paragraphs: Annotated[list[Paragraph], Field(min_length=3, max_length=12)]
    action: Line
    sms: Line


class MessageTemplate(Words):
    """The words of one message, the workspace's own or the library's."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_NAMED, "is_own": False, **_WORDS}]}
    )

    purpose: Purpose
    language: Language
    tone: Tone
    is_own: bool = Field(description="False: the library's words")


class CheckRequest(Words):
    """Words to be checked, for a purpose, in a language and a tone."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{**_NAMED, **_WORDS}]}
    )

    purpose: Purpose
    language: Language
    tone: Tone


class ToneFinding(BaseModel):
    """What was found, where, why it matters, and what to do."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FINDING]})

    check: Check
    is_blocking: bool = Field(description="Whether it keeps the words from being saved")
    part: str
    start: int
    end: int
    excerpt: str
    reason: str
    suggestion: str


class Checked(BaseModel):
    """What was found in words, and how they look filled in with an example."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "may_be_published": False,
                    "findings": [_FINDING],
                    "subject": "Reminder: €49.00 is open",
                    "text": "Hello Ada Byron,\n\n…",
                    "body": "Hello Ada Byron,\n\n…",
                    "html": "<!doctype html>…",
                    "sms": "Northwind Analytics: €49.00 is still open. …",
                    "reading_grade": 5,
                    "highest_grade": 9,
                }
            ]
        }
    )

    may_be_published: bool
    findings: list[ToneFinding]
    subject: str = Field(description="Empty where the words cannot be filled in")
    text: str
    body: str = Field(description="The text without its link: what places in the body count in")
    html: str
    sms: str
    reading_grade: int = Field(description="School grade of the body (RIX); 0 where there is none")
    highest_grade: int = Field(description="What this language's readers are asked at most")


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
