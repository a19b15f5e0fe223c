"""Whose Stripe key is it? Asked of Stripe itself before the key is kept."""

from dataclasses import dataclass

import httpx

from core.errors import InvalidInputError, ProviderError

TIMEOUT_SECONDS = 10.0


class CredentialsRefusedError(InvalidInputError):
    """The provider does not take the credentials."""

    code = "credentials_refused"
    title = "The provider refused the credentials"


@dataclass(frozen=True, slots=True)
class StripeAccount:
    """The account that a key opens."""

    id: str
    name: str


def account_of(api_key: str, api_url: str) -> StripeAccount:
    """Ask Stripe for the account of a key.

    Raises:
        CredentialsRefusedError: Stripe refuses the key.
        ProviderError: Stripe does not answer, or not as Stripe does.
    """
    try:
        answer = httpx.get(
            f"{api_url.rstrip('/')}/v1/account",
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=TIMEOUT_SECONDS,
        )
        body = answer.json()
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise CredentialsRefusedError(
                "Stripe refused the key.",
                next_step="Send a secret or restricted key that may read the account.",
            )
        if answer.status_code != httpx.codes.OK:
            raise ProviderError(
                f"Stripe answered {answer.status_code}.",
                next_step="Try again in a minute.",
                provider_code=str(body.get("error", {}).get("code", "")),
            )
        business = body.get("business_profile") or {}
        dashboard = (body.get("settings") or {}).get("dashboard") or {}
        name = dashboard.get("display_name") or business.get("name") or "Stripe"
        return StripeAccount(str(body["id"]), str(name)[:100])
    except (httpx.HTTPError, ValueError, KeyError, AttributeError) as error:
        raise ProviderError(
            f"Stripe did not answer as expected ({type(error).__name__}).",
            next_step="Try again in a minute.",
        ) from error
