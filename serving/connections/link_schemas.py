"""What do links and providers look like to callers, and what does starting a link take?"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from serving.connections.words import Parameters, ProviderName, ReturnUrl
from serving.words import Id, Name

_LINK: JsonDict = {
    "id": "link_3b6x4r0q2hz5k2m8w0c1t7e9bn",
    "provider": "xero",
    "url": "https://login.xero.com/identity/connect/authorize?state=…",
    "token": None,
    "expires_at": "2024-05-01T13:00:00Z",
}
_PROVIDER: JsonDict = {
    "provider": "stripe",
    "credential_fields": {"api_key": "a secret or restricted key"},
    "choice_fields": {},
    "has_consent": False,
}


class LinkStarted(BaseModel):
    """A consent under way: exactly one of `url` and `token` is given."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LINK]})

    id: str
    provider: str
    url: str | None = Field(description="Open it in the user's browser")
    token: str | None = Field(
        description="Give it to the provider's widget; send the public token that comes of it to"
        " POST /v1/connections, with this link's id"
    )
    expires_at: datetime


class LinkAsked(BaseModel):
    """Which consent shall be started."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"provider": "xero", "redirect_url": "https://app.example/connected"}]
        },
    )

    provider: ProviderName
    redirect_url: ReturnUrl = Field(
        description="Where the user returns in the end, with `connection_id` or `error` added to"
        " the query: https, or http on the user's own machine"
    )
    choice: Parameters = Field(
        default_factory=dict,
        description="The provider's own options (`institution_id`, `country`, …), see"
        " GET /v1/providers",
    )
    connection_id: Id | None = Field(
        default=None, description="Renew this connection's consent rather than make a new one"
    )
    name: Name | None = Field(default=None, description="Default: the account's own name")


class Provider(BaseModel):
    """What connecting an account of a provider takes."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PROVIDER]})

    provider: str
    credential_fields: dict[str, str] = Field(
        description="For `credentials`, each with its meaning; empty where there is only consent"
    )
    choice_fields: dict[str, str] = Field(description="For `choice`, each with its meaning")
    has_consent: bool = Field(description="Whether POST /v1/connections/link starts a consent")
