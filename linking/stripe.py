"""How is a Stripe account linked? By a key of its owner's; Stripe says whose it is.

There is no consent page: a restricted key with read access is made in Stripe's dashboard, where it
is also revoked.
"""

import random
import time
from collections.abc import Mapping
from typing import Any, NoReturn

import httpx

from core.authorities import trusted
from core.errors import InvalidInputError, ProviderError
from core.settings import Settings
from linking.flow import CredentialsRefusedError, Linked, LinkRequest, LinkStart

TIMEOUT_SECONDS = 10.0
ATTEMPTS = 3
_REFUSALS = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


class StripeFlow:
    """A `linking.flow.Flow`."""

    provider = "stripe"
    credential_fields: Mapping[str, str] = {"api_key": "a secret or restricted key"}
    choice_fields: Mapping[str, str] = {}
    has_consent = False
    has_widget = False

    def start(self, settings: Settings, request: LinkRequest) -> LinkStart:
        """Refuse: there is no page to open."""
        _no_consent()

    def finish(
        self, settings: Settings, kept: Mapping[str, str], answer: Mapping[str, str]
    ) -> Linked:
        """Refuse: there was no page to open."""
        _no_consent()

    def verify(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> Linked:
        """Ask Stripe whose key it is.

        Raises:
            CredentialsRefusedError: It is no key for reading, or Stripe does not take it.
            ProviderError: Stripe does not answer, or not as Stripe does.
        """
        api_key = credentials.get("api_key", "")
        if not api_key.startswith(("sk_", "rk_")):
            raise CredentialsRefusedError(
                "A Stripe key for reading starts with sk_ or rk_.",
                next_step="Copy a secret or restricted key from Stripe's dashboard, Developers.",
            )
        url = (api_url or settings.stripe_api_url).rstrip("/")
        body = _account(url, api_key)
        return Linked(
            credentials={"api_key": api_key},
            account_id=str(body["id"]),
            name=_name_of(body),
            api_url=api_url or settings.stripe_api_url,
        )

    def revoke(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> None:
        """Do nothing: no key can end itself; its owner rolls it in Stripe's dashboard."""


FLOW = StripeFlow()


def _no_consent() -> NoReturn:
    raise InvalidInputError(
        "Stripe has no consent page here: it is connected with a key.",
        next_step="Send credentials with api_key to POST /v1/connections.",
    )


def _account(url: str, api_key: str) -> Mapping[str, Any]:
    trouble = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0.2, 0.5) * attempt)  # noqa: S311 (spreads repetitions)
        try:
            answer = httpx.get(
                f"{url}/v1/account",
                headers={"Authorization": f"Bearer {api_key}"},
                timeout=TIMEOUT_SECONDS,
                follow_redirects=False,
                trust_env=False,
                verify=trusted(),
            )
            body: Any = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            trouble = type(error).__name__
            continue
        if answer.status_code in _REFUSALS:
            raise CredentialsRefusedError(
                f"Stripe refused the key: {_words(body) or answer.status_code}",
                next_step="Use a valid secret or restricted key that may read the account.",
            )
        if answer.status_code == httpx.codes.OK and isinstance(body, dict) and "id" in body:
            return body
        trouble = f"{answer.status_code} {_words(body)}".strip()
        if answer.status_code < 500 and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            break
    raise ProviderError(
        f"Stripe did not answer as expected ({trouble}).",
        next_step="See that Stripe can be reached (OPPULENCE_STRIPE_API_URL), then try again.",
    )


def _words(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("message") or "")[:300] if isinstance(error, dict) else ""


def _name_of(body: Mapping[str, Any]) -> str:
    dashboard = (body.get("settings") or {}).get("dashboard") or {}
    profile = body.get("business_profile") or {}
    names = (dashboard.get("display_name"), profile.get("name"), body.get("email"), body["id"])
    return str(next(filter(None, names)))[:100]
