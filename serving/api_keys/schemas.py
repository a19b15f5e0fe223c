"""What do API keys look like to callers, and what does creating one take?"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from serving.auth.key_store import ApiKey, Kind
from serving.auth.keys import Environment
from serving.auth.permissions import PRESETS, Permission, Preset
from serving.times import Moment
from serving.words import Name

LONGEST_OVERLAP_SECONDS = 7 * 86_400

_RECORD: JsonDict = {
    "id": "key_9b3n6x4q0r2hz5k2m8w0c1t7e",
    "name": "dashboard",
    "prefix": "opk_live_5k2m",
    "environment": "live",
    "kind": "app",
    "scopes": ["transactions:read"],
    "created_at": "2024-05-01T12:00:00Z",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
    "replaced_by": None,
}


class KeyRecord(BaseModel):
    """What is known of a key; the key itself is shown once, when it is made."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RECORD]})

    id: str
    name: str
    prefix: str = Field(description="The key's first characters, to recognise it by")
    environment: Environment
    kind: Kind = Field(description="`internal` keys are the platform's own")
    scopes: list[Permission]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute")
    replaced_by: str | None = Field(description="The key that it was rotated to")


class NewKey(KeyRecord):
    """A key just made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_RECORD, "key": "opk_live_5k2m8w0c1t7e9b…"}]}
    )

    key: str = Field(description="The key itself: shown now and never again")


class KeyRequest(BaseModel):
    """What a new key is for. Give `scopes`, or a `preset` of them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "dashboard", "preset": "read_only"}]},
    )

    name: Name
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=100)] | None = None
    preset: Preset | None = None
    environment: Environment = "live"
    expires_at: Moment | None = Field(default=None, description="Null for never")

    @model_validator(mode="after")
    def _one_way(self) -> "KeyRequest":
        if (self.scopes is None) == (self.preset is None):
            raise ValueError("give either scopes or a preset")
        return self

    def wanted(self) -> frozenset[Permission]:
        """Return the scopes that the key shall have."""
        return PRESETS[self.preset] if self.preset else frozenset(self.scopes or ())


class RotationRequest(BaseModel):
    """How long the old key works beside the new one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    overlap_seconds: int = Field(default=86_400, ge=0, le=LONGEST_OVERLAP_SECONDS)


def record_of(key: ApiKey) -> KeyRecord:
    """Return the shape of a key's record."""
    return KeyRecord(**_fields(key))


def new_key_of(text: str, key: ApiKey) -> NewKey:
    """Return the shape of a key just made."""
    return NewKey(key=text, **_fields(key))


def _fields(key: ApiKey) -> dict[str, object]:
    names = set(KeyRecord.model_fields) - {"scopes"}
    return {name: getattr(key, name) for name in names} | {"scopes": sorted(key.scopes)}
