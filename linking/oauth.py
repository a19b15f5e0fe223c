"""How are OAuth 2 tokens got, renewed and given back? The calls of every authorization server.

Tokens travel in bodies and headers alone; errors carry the server's own words and no secret. A
grant that has ended (`invalid_grant`) is told from a server that does not answer: the first needs
the user, the second only time.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

import httpx

from core.authorities import trusted
from core.clock import utc_now
from core.errors import ProviderError
from linking.flow import CredentialsRefusedError

TIMEOUT = httpx.Timeout(20, connect=10)


@dataclass(frozen=True, slots=True)
class Application:
    """Our registration with a provider; without a secret it is public and relies on PKCE."""

    name: str
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint answered.

    Attributes:
        ends_in_seconds: Until the refresh token ends for good, where the server says so.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    ends_in_seconds: int | None = None

    def credentials(self) -> dict[str, str]:
        """Return the tokens as they are kept with a connection."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "expires_at": self.expires_at.isoformat(),
        }


def new_verifier() -> str:
    """Return a PKCE verifier (RFC 7636)."""
    return secrets.token_urlsafe(48)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def exchange_code(
    application: Application, url: str, *, code: str, redirect_url: str, verifier: str = ""
) -> Tokens:
    """Turn a redirect's code into tokens.

    Raises:
        CredentialsRefusedError: The code is used, too old or not ours.
        ProviderError: The server refuses or does not answer.
    """
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_url}
    if verifier:
        form["code_verifier"] = verifier
    return _tokens(application, url, form)


def refresh_tokens(application: Application, url: str, refresh_token: str) -> Tokens:
    """Ask for new tokens; a server that rotates ends the old refresh token with its answer.

    Raises:
        CredentialsRefusedError: The grant has ended: the user must consent again.
        ProviderError: The server refuses or does not answer.
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _tokens(application, url, form, held=refresh_token)


def revoke_token(application: Application, url: str, token: str) -> None:
    """Give a token back; one that the server does not know any more is no error.

    Raises:
        ProviderError: The server refuses or does not answer.
    """
    response = _post(application, url, {"token": token})
    if response.status_code >= 400 and response.status_code not in (400, 404):
        _refuse(application, response)


def read_json(application: Application, url: str, access_token: str) -> Any:
    """Return the JSON behind a URL that an access token opens.

    Raises:
        CredentialsRefusedError: The token is not taken.
        ProviderError: The provider refuses or does not answer.
    """
    headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
    response = _send(application, "GET", url, headers=headers)
    if response.status_code in (401, 403):
        raise CredentialsRefusedError(
            f"{application.name} does not take the token.", next_step="Connect again."
        )
    if not response.is_success:
        _refuse(application, response)
    try:
        return response.json()
    except ValueError:
        raise ProviderError(f"{application.name} answered with no JSON.") from None


def _tokens(application: Application, url: str, form: Mapping[str, str], held: str = "") -> Tokens:
    response = _post(application, url, form)
    words = _body(response)
    if response.status_code in (400, 401) and words.get("error") == "invalid_grant":
        text = words.get("error_description") or "The grant has ended."
        raise CredentialsRefusedError(
            f"{application.name}: {text}", next_step="Connect again to give your consent anew."
        )
    if not response.is_success:
        _refuse(application, response)
    access, refresh = words.get("access_token"), words.get("refresh_token") or held
    if not isinstance(access, str) or not isinstance(refresh, str) or not access or not refresh:
        raise ProviderError(
            f"{application.name} gave no token that lasts.",
            next_step="Ask for offline access: without a refresh token the connection would end.",
        )
    ends_in = words.get("x_refresh_token_hard_expires_in")
    return Tokens(
        access, refresh,
        utc_now() + timedelta(seconds=int(words.get("expires_in", 1800))),
        int(ends_in) if isinstance(ends_in, int | str) and str(ends_in).isdigit() else None,
    )  # fmt: skip


def _post(application: Application, url: str, form: Mapping[str, str]) -> httpx.Response:
    headers = {"Accept": "application/json"}
    if application.secret:
        pair = f"{application.client_id}:{application.secret}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    else:
        form = {**form, "client_id": application.client_id}
    return _send(application, "POST", url, headers=headers, form=form)


def _send(
    application: Application,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    form: Mapping[str, str] | None = None,
) -> httpx.Response:
    try:
        with httpx.Client(
            timeout=TIMEOUT, trust_env=False, follow_redirects=False, verify=trusted()
        ) as client:
            return client.request(method, url, headers=headers, data=form)
    except httpx.TransportError as error:
        raise ProviderError(
            f"{application.name} did not answer ({type(error).__name__}).",
            next_step="Try again in a while.",
        ) from None


def delete(application: Application, url: str, access_token: str) -> None:
    """Delete what is behind a URL; nothing there is no error.

    Raises:
        ProviderError: The provider refuses or does not answer.
    """
    headers = {"Authorization": f"Bearer {access_token}"}
    response = _send(application, "DELETE", url, headers=headers)
    if not response.is_success and response.status_code != 404:
        _refuse(application, response)


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _refuse(application: Application, response: httpx.Response) -> NoReturn:
    words = _body(response)
    code = words.get("error")
    text = words.get("error_description") or code or f"an answer of {response.status_code}"
    raise ProviderError(
        f"{application.name} refused: {text}.",
        next_step="Check the application's id and secret." if code == "invalid_client" else "",
        provider_code=str(code or ""),
    )
