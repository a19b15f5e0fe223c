"""What do flows look like to callers? The document itself, its findings, its versions."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from recovery.flows.findings import Finding
from serving.words import Word

# Read by `recovery.flows.document`, which says what is wrong: its schema, whole in every operation
# that takes a flow, would be most of the API's own document.
Document = Annotated[
    dict[str, Any], Field(description="A flow; GET /v1/recovery/flow_schema is its schema")
]
FlowState = Literal["draft", "live", "paused", "archived"]

_DOCUMENT: JsonDict = {
    "name": "Soft declines",
    "trigger": {
        "causes": ["renewal"],
        "when": {"fact": "decline_class", "op": "eq", "value": "soft"},
    },
    "start": "tries",
    "steps": {
        "tries": {
            "kind": "retry",
            "schedule": [{"kind": "duration", "days": 2}, {"kind": "payday"}],
            "next": "over",
            "on_stop": "over",
        },
        "over": {"kind": "end", "outcome": "lost"},
    },
}
_FINDING: JsonDict = {
    "code": "retry_after_refusal",
    "severity": "error",
    "step": "tries",
    "message": "It can be reached after a refusal of class hard.",
    "next_step": "Branch on decline_class before it, or wait for a new payment method.",
}
_SUMMARY: JsonDict = {
    "id": "flow_5k2m8w0c1t7e9b3n6x4q0r2hz",
    "name": "Soft declines",
    "state": "live",
    "rank": 1,
    "live_version": 3,
    "last_version": 3,
    "episodes_running": 12,
    "created_at": "2024-05-01T12:00:00Z",
    "updated_at": "2024-05-01T12:00:00Z",
}


def _shown(example: JsonDict) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


class FoundFault(BaseModel):
    """One finding of a document's validation; an error keeps it from being published."""

    model_config = _shown(_FINDING)

    code: str
    severity: Literal["error", "warning"]
    step: str = Field(description="Where it is; empty for the flow itself")
    message: str
    next_step: str

    @classmethod
    def of(cls, finding: Finding) -> "FoundFault":
        """Return a finding as it is shown."""
        return cls(**{name: getattr(finding, name) for name in cls.model_fields})


class FlowSummary(BaseModel):
    """A flow without its document."""

    model_config = _shown(_SUMMARY)

    id: str
    name: str
    state: FlowState = Field(description="Only live flows take new episodes; paused ones stand")
    rank: int = Field(description="Of several that would take an episode, the lowest does")
    live_version: int | None
    last_version: int
    episodes_running: int
    created_at: datetime
    updated_at: datetime


class FlowDetail(FlowSummary):
    """A flow with its draft and what was found in it."""

    model_config = _shown({**_SUMMARY, "draft": _DOCUMENT, "findings": []})

    draft: Document
    findings: list[FoundFault]


class FlowVersion(BaseModel):
    """A published version: it never changes."""

    model_config = _shown(
        {
            "version": 3, "published_at": "2024-05-01T12:00:00Z", "published_by": "ada@example.com",
            "document": _DOCUMENT,
        }
    )  # fmt: skip

    version: int
    published_at: datetime
    published_by: str
    document: Document


class FlowRequest(BaseModel):
    """A new flow: a document, or one of the library to begin with."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"library": "soft_decline"}]}
    )

    document: Document | None = None
    library: Word | None = Field(default=None, description="GET /v1/recovery/flow_library")
    rank: int = Field(default=100, ge=0, le=10_000, strict=True)


class DraftRequest(BaseModel):
    """A changed draft."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"document": _DOCUMENT}]}
    )

    document: Document
    rank: int | None = Field(default=None, ge=0, le=10_000, strict=True)
    based_on: datetime | None = Field(
        default=None, description="`updated_at` of what was edited: if it changed since, 409"
    )


class FlowChange(BaseModel):
    """What to do with a flow: `publish` its draft, go back to a version, pause, resume, archive."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"do": "publish"}]})

    do: Literal["publish", "rollback", "pause", "resume", "archive"]
    version: int | None = Field(default=None, ge=1, le=1_000_000, description="Of a rollback")


class Validation(BaseModel):
    """What was found in a document."""

    model_config = _shown({"is_publishable": False, "findings": [_FINDING]})

    is_publishable: bool
    findings: list[FoundFault]


class FlowSchema(BaseModel):
    """The published JSON Schema of flow documents."""

    model_config = _shown(
        {"json_schema": {"$schema": "https://json-schema.org/draft/2020-12/schema"}}
    )

    json_schema: dict[str, Any]


class LibraryFlow(BaseModel):
    """A ready flow to begin with."""

    model_config = _shown({"name": "soft_decline", "title": "Soft declines", "document": _DOCUMENT})

    name: str
    title: str
    document: Document


class FactDescription(BaseModel):
    """A fact that conditions may compare."""

    model_config = _shown(
        {
            "name": "books.open_receivable", "group": "Your books (QuickBooks, Xero)",
            "type": "money", "says": "What the books say they owe, over all documents",
            "values": [], "operators": ["eq", "ne", "lt", "lte", "gt", "gte", "known"],
            "is_dated": True,
        }
    )  # fmt: skip

    name: str
    group: str = Field(description="What it is a fact of")
    type: Literal["integer", "money", "text", "date", "boolean", "texts"]
    says: str
    values: list[str] = Field(description="Those that it takes, where they are few")
    operators: list[str]
    is_dated: bool = Field(description="A simulation has it as it was then; else as it is today")


class ValidationRequest(BaseModel):
    """A document to look at."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"document": _DOCUMENT}]}
    )

    document: Document
