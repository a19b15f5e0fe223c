"""What do templates look like to callers? Words, what was found in them, drafts and versions."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from recovery.messages.templates import Purpose, Tone
from recovery.tone.findings import Check, Finding

Language = Literal["en", "de", "fr", "es"]
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
_TEMPLATE: JsonDict = {
    **_NAMED,
    "is_own": True,
    "live_version": 2,
    "last_version": 3,
    "has_draft": False,
    "updated_at": "2024-05-01T12:00:00Z",
    **_WORDS,
}
_FINDING: JsonDict = {
    "check": "false_urgency",
    "rule": "false_urgency_wording",
    "severity": "error",
    "part": "body",
    "paragraph": None,
    "start": 41,
    "end": 56,
    "is_written": False,
    "excerpt": "within 24 hours",
    "variable": None,
    "value": None,
    "limit": None,
    "reason": "It hurries without a day: pressure is no information.",
    "suggestion": "Name the day by which it matters, with {{ access_ends_on }}.",
    "suggested_variables": ["access_ends_on"],
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
    """The words of one message that are in use: the workspace's own or the library's."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TEMPLATE]})

    purpose: Purpose
    language: Language
    tone: Tone
    is_own: bool = Field(description="False: the library's words")
    live_version: int | None = Field(description="Of the own words; null where none are in use")
    last_version: int = Field(description="How many versions were published")
    has_draft: bool
    updated_at: datetime | None = Field(description="When draft or version in use last changed")


class TemplateDetail(MessageTemplate):
    """A template with its draft, and what was found in that."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_TEMPLATE, "draft": _WORDS, "findings": []}]}
    )

    draft: Words | None = Field(description="Null where nothing waits to be published")
    findings: "list[ToneFinding]" = Field(description="Of the draft, else of the words in use")


class TemplateDraft(Words):
    """Words to be kept as the draft, faults and all."""

    based_on: datetime | None = Field(
        default=None, description="`updated_at` of what was edited: if it changed since, 409"
    )


class TemplateChange(BaseModel):
    """What to do with a template.

    `publish` its draft, go back to a version (`rollback`) or to the library's words (`library`),
    or drop the draft (`discard`).
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"do": "publish"}]})

    do: Literal["publish", "rollback", "library", "discard"]
    version: int | None = Field(default=None, ge=1, le=1_000_000, description="Of a rollback")


class TemplateVersion(Words):
    """Words that were published: they never change."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "version": 3,
                    "published_at": "2024-05-01T12:00:00Z",
                    "published_by": "ada@example.com",
                    **_WORDS,
                }
            ]
        }
    )

    version: int
    published_at: datetime
    published_by: str


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
    rule: str = Field(description="What was broken within the check: a stable word")
    severity: Literal["error", "warning"] = Field(description="Errors keep words back")
    part: str = Field(description="subject, preheader, body, action or sms")
    paragraph: int | None = Field(description="Which of the body, from 1, where it is one")
    start: int = Field(description="In characters of the part; with `end` both 0 for the whole")
    end: int
    is_written: bool = Field(description="Places count in the words as written, not as filled in")
    excerpt: str
    variable: str | None = Field(description="The variable that is the fault")
    value: int | None = Field(description="What was counted, where something was")
    limit: int | None = Field(description="The most, or the least, of it")
    reason: str
    suggestion: str
    suggested_variables: list[str] = Field(description="Those that would mend it")

    @classmethod
    def of(cls, finding: Finding) -> "ToneFinding":
        """Return a finding as it is shown."""
        return cls(**{name: getattr(finding, name) for name in cls.model_fields})


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
                    "sms_segments": 2,
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
    sms_segments: int = Field(description="How many text messages are paid for it")
    reading_grade: int = Field(description="School grade of the body (RIX); 0 where there is none")
    highest_grade: int = Field(description="What this language's readers are asked at most")


class RewriteRequest(CheckRequest):
    """Words that a language model shall say in a voice."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{**_NAMED, "voice": "friendly", **_WORDS}]}
    )

    voice: Tone = Field(description="How it shall sound; checks stay those of the tone")


class Rewritten(BaseModel):
    """A language model's suggestion, checked as any words are; nothing is kept of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "gpt-5-mini", "words": _WORDS, "may_be_published": True,
                    "findings": [], "lost_variables": ["due_on"],
                }
            ]
        }
    )  # fmt: skip

    model: str
    words: Words
    may_be_published: bool
    findings: list[ToneFinding]
    lost_variables: list[str] = Field(description="Named by the words before, not by these")
