"""What does a connection look like to callers, and what does making one take?"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from core.connections import Status
from serving.connections.words import Credentials, Parameters, ProviderName, Secret
from serving.words import Id, Name

_EXAMPLE: JsonDict = {
    "id": "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
    "provider": "stripe",
    "name": "Demo GmbH",
    "provider_account_id": "acct_1Example",
    "status": "active",
    "status_reason": "",
    "data": "kept",
    "consent_expires_at": None,
    "created_at": "2024-05-01T12:00:00Z",
    "updated_at": "2024-05-01T12:00:00Z",
    "last_synced_at": None,
}
_KEY: JsonDict = {"api_key": "rk_live_51Example"}


class ConnectionRecord(BaseModel):
    """A provider account of the workspace. Its credentials are never shown."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    provider: str
    name: str
    provider_account_id: str = Field(description="The account, in the provider's own word")
    status: Status = Field(
        description="`active`; `degraded` (the last sync failed); `reconsent_required` (the"
        " provider no longer takes the credentials); `revoked` (deleted)"
    )
    status_reason: str = Field(description="Why, in the provider's own words")
    data: Literal["kept", "erasing", "erased"] = Field(
        description="What became of its rows: `kept`, also after a deletion, unless that asked"
        " to erase them"
    )
    consent_expires_at: datetime | None = Field(description="The consent's end, where it has one")
    created_at: datetime
    updated_at: datetime
    last_synced_at: datetime | None


class Evidence(BaseModel):
    """What opens the account: credentials, or what a consent (POST /v1/connections/link) gave."""

    model_config = ConfigDict(extra="forbid")

    credentials: Credentials | None = Field(
        default=None, description="By field; GET /v1/providers names those of each provider"
    )
    public_token: Secret | None = Field(default=None, description="From the provider's widget")
    code: Secret | None = Field(
        default=None, description="From the provider's redirect, where your page received it"
    )
    parameters: Parameters = Field(
        default_factory=dict, description="The redirect's other parameters, beside `code`"
    )
    link_id: Id | None = Field(default=None, description="Of the link that led here; with `code`")

    @model_validator(mode="after")
    def _one_way(self) -> "Evidence":
        if [self.credentials, self.public_token, self.code].count(None) != 2:
            raise ValueError("give one of credentials, public_token and code")
        if self.code is not None and self.link_id is None:
            raise ValueError("code needs link_id")
        if self.parameters.keys() & {"code", "public_token", "access_token"}:
            raise ValueError("parameters are what the redirect has beside a code or a token")
        return self


class ConnectionRequest(Evidence):
    """Which account to connect."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"provider": "stripe", "credentials": _KEY}]},
    )

    provider: ProviderName
    name: Name | None = Field(default=None, description="Default: the account's own name")


class Reconnection(Evidence):
    """New credentials, or a new consent, of the same account."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"credentials": _KEY}]}
    )


class ConnectionChange(BaseModel):
    """What shall change."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Demo GmbH, EU"}]}
    )

    name: Name
