"""What is sent to set webhook secrets, and what is shown of them?"""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _plain(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("only printable ASCII characters, without spaces")
    return secret


WebhookSecret = Annotated[
    SecretStr,
    Field(min_length=8, max_length=255, json_schema_extra={"pattern": "^[!-~]+$"}),
    AfterValidator(_plain),
]


class SecretsChange(BaseModel):
    """The secrets that hold from now on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"secrets": ["whsec_example51"]}]}
    )

    secrets: list[WebhookSecret] = Field(
        max_length=5, description="The provider's signing secrets; an empty list takes them back"
    )


class SecretsState(BaseModel):
    """What is known of a connection's webhooks. The secrets are never shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "connection_id": "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
                    "provider": "stripe",
                    "secrets": 1,
                    "path": "/v1/webhooks/stripe/conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
                }
            ]
        }
    )

    connection_id: str
    provider: str
    secrets: int = Field(description="How many hold")
    path: str = Field(description="Where the provider is to send its webhooks")
