"""How is a bank linked through Teller? Teller Connect hands over an access token, mTLS uses it.

start   nothing is asked of Teller: its widget opens with our application's id and a nonce
finish  the widget's access token is tried; it is useless without our client certificate
renew   the widget opens with the enrollment's id, which stays the same
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx

from core.clock import utc_now
from core.errors import ProviderError
from core.settings import Settings
from linking.certificates import client_tls
from linking.flow import (
    CredentialsRefusedError,
    Linked,
    LinkRequest,
    LinkStart,
    NotConfiguredError,
)

TIMEOUT_SECONDS = 20.0
TOKEN_LIFETIME = timedelta(hours=1)
TELLER_VERSION = "2020-10-12"


class TellerFlow:
    """A `linking.flow.Flow`."""

    provider = "teller"
    credential_fields: Mapping[str, str] = {"access_token": "an enrollment's access token"}
    choice_fields: Mapping[str, str] = {"institution_id": "a bank that Teller Connect opens with"}
    has_consent = True
    has_widget = True

    def start(self, settings: Settings, request: LinkRequest) -> LinkStart:
        """Return what Teller Connect opens with: our application's id."""
        if not settings.teller_application_id:
            raise NotConfiguredError(
                "There is no Teller application.",
                next_step="Set OPPULENCE_TELLER_APPLICATION_ID, its certificate and its key.",
            )
        return LinkStart(
            expires_at=utc_now() + TOKEN_LIFETIME,
            token=settings.teller_application_id,
            kept={"nonce": secrets.token_urlsafe(24)},
        )

    def finish(
        self, settings: Settings, kept: Mapping[str, str], answer: Mapping[str, str]
    ) -> Linked:
        """Try the access token that the widget handed over, under either of its names."""
        token = answer.get("access_token") or answer.get("public_token") or ""
        return self.verify(settings, {"access_token": token}, "")

    def verify(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> Linked:
        """Ask Teller which enrollment an access token opens."""
        token = credentials.get("access_token", "")
        url = api_url or settings.teller_api_url
        accounts = _ask(settings, url, "GET", token)
        if not isinstance(accounts, list) or not accounts:
            raise CredentialsRefusedError(
                "The enrollment shares no account.",
                next_step="Open Teller Connect again and choose at least one account.",
            )
        first = accounts[0]
        if not isinstance(first, dict) or not first.get("enrollment_id"):
            raise ProviderError("Teller's accounts name no enrollment.", next_step="Try again.")
        return Linked(
            credentials={"access_token": token},
            account_id=str(first["enrollment_id"]),
            name=str((first.get("institution") or {}).get("name") or "Teller")[:100],
            api_url=url,
        )

    def revoke(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> None:
        """Remove our access to every account of the enrollment; the token ends with it."""
        token = credentials.get("access_token", "")
        try:
            _ask(settings, api_url or settings.teller_api_url, "DELETE", token)
        except CredentialsRefusedError:
            return


FLOW = TellerFlow()


def _ask(settings: Settings, url: str, method: str, token: str) -> Any:
    """Send a request about the enrollment's accounts and return the decoded answer."""
    tls = client_tls(settings.teller_certificate_file, settings.teller_private_key_file, url=url)
    try:
        answer = httpx.request(
            method,
            f"{url.rstrip('/')}/accounts",
            auth=(token, ""),
            headers={"Teller-Version": TELLER_VERSION},
            timeout=TIMEOUT_SECONDS,
            verify=tls,
            follow_redirects=False,
            trust_env=False,
        )
        body: Any = answer.json() if answer.content else None
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderError(
            f"Teller did not answer as expected ({type(error).__name__}).",
            next_step=f"See that {url} can be reached, then try again in a minute.",
        ) from None
    if answer.is_success:
        return body
    error_body = body.get("error") if isinstance(body, dict) else None
    words = error_body if isinstance(error_body, dict) else {}
    detail = f"Teller refused: {words.get('message') or answer.status_code}"[:300]
    code = str(words.get("code", ""))
    if "certificate" in detail.lower():
        raise NotConfiguredError(
            detail, next_step="Set OPPULENCE_TELLER_CERTIFICATE_FILE and _PRIVATE_KEY_FILE."
        )
    if answer.status_code in (401, 403, 404, 410):
        raise CredentialsRefusedError(detail, next_step="Open Teller Connect again.")
    raise ProviderError(detail, next_step="Try again in a minute.", provider_code=code)
