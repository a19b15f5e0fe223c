"""Which texts does a connection's request take? Providers, secrets, and where to return to."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from linking.registry import FLOWS
from serving.words import Word

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _known(provider: str) -> str:
    if provider not in FLOWS:
        raise ValueError(f"one of {', '.join(sorted(FLOWS))}")
    return provider


def _sendable(secret: SecretStr) -> SecretStr:
    # It is sent to the provider in a header or an address.
    text = secret.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("only printable ASCII characters, without spaces")
    return secret


def _returnable(url: str) -> str:
    """Refuse what a browser may read as another place than we do."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise ValueError("not an address") from None
    is_private = parts.scheme == "http" and host in _LOOPBACK
    if not host or not (parts.scheme == "https" or is_private):
        raise ValueError("an https address, or http on this machine")
    if parts.username is not None or parts.password is not None or parts.fragment or "\\" in url:
        raise ValueError("without user, fragment and backslashes")
    return url


ProviderName = Annotated[
    Word,
    AfterValidator(_known),
    Field(json_schema_extra={"enum": sorted(FLOWS)}, examples=["stripe"]),
]
Secret = Annotated[
    SecretStr,
    Field(min_length=1, max_length=4096, json_schema_extra={"pattern": "^[!-~]+$"}),
    AfterValidator(_sendable),
]
_FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
_Value = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,1000}$")]
Credentials = Annotated[dict[_FieldName, Secret], Field(min_length=1, max_length=20)]
Parameters = Annotated[dict[_FieldName, _Value], Field(max_length=20)]
ReturnUrl = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[!-~]{1,1990}$"),
    AfterValidator(_returnable),
]
