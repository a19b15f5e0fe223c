"""What does a connection look like to callers, and what does making one take?"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic.config import JsonDict

from core.connections import Status
from serving.words import Name

_EXAMPLE: JsonDict = {
    "id": "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
    "provider": "stripe",
    "name": "Demo GmbH",
    "provider_account_id": "acct_1Example",
    "status": "active",
    "status_reason": "",
    "created_at": "2024-05-01T12:00:00Z",
    "updated_at": "2024-05-01T12:00:00Z",
    "last_synced_at": None,
}
_ASKED: JsonDict = {"provider": "stripe", "credentials": {"api_key": "rk_live_51Example"}}


def _sendable(key: SecretStr) -> SecretStr:
    # It is sent to the provider in a header.
    text = key.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("only printable ASCII characters, without spaces")
    return key


StripeKey = Annotated[
    SecretStr,
    Field(min_length=8, max_length=255, json_schema_extra={"pattern": "^[!-~]+$"}),
    AfterValidator(_sendable),
]


class ConnectionRecord(BaseModel):
    """A provider account of the workspace. Its credentials are never shown."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    provider: str
    name: str
    provider_account_id: str = Field(description="The account, in the provider's own word")
    status: Status = Field(
        description="`active`; `degraded` (the last sync failed); `reconsent_required` (the"
        " provider no longer takes the credentials); `revoked` (deleted; its data is kept)"
    )
    status_reason: str = Field(description="Why, in the provider's own words")
    created_at: datetime
    updated_at: datetime
    last_synced_at: datetime | None


class StripeCredentials(BaseModel):
    """A secret or restricted key of the account."""

    model_config = ConfigDict(extra="forbid")

    api_key: StripeKey = Field(description="Verified with Stripe, then kept encrypted")


class ConnectionRequest(BaseModel):
    """Which account to connect."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_ASKED]})

    provider: Literal["stripe"]
    name: Name | None = Field(default=None, description="Default: the account's own name")
    credentials: StripeCredentials


class Reconnection(BaseModel):
    """New credentials of the same account."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"credentials": _ASKED["credentials"]}]}
    )

    credentials: StripeCredentials


class ConnectionChange(BaseModel):
    """What shall change."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Demo GmbH, EU"}]}
    )

    name: Name
