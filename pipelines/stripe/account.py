"""Whose key is it? Asked once, when an account is connected.

`serving.connections.stripe` asks the same for the API, which imports no pipeline.
"""

import asyncio
from dataclasses import dataclass

import msgspec

from core.errors import InvalidInputError
from pipelines.stripe.client import Patience, StripeClient
from pipelines.stripe.errors import StripeUnavailableError


@dataclass(frozen=True, slots=True)
class Account:
    """The account behind a key."""

    id: str
    name: str


class _Names(msgspec.Struct):
    display_name: str | None = None
    name: str | None = None


class _Settings(msgspec.Struct):
    dashboard: _Names | None = None


class _Body(msgspec.Struct):
    id: str
    email: str | None = None
    business_profile: _Names | None = None
    settings: _Settings | None = None


def verify_key(api_key: str, api_url: str) -> Account:
    """Return the account that `api_key` opens.

    Args:
        api_key: A secret or restricted key.
        api_url: Where Stripe is, or the sandbox.

    Raises:
        InvalidInputError: It is a publishable key, or none.
        KeyRejectedError: Stripe does not know the key.
        NotPermittedError: A restricted key without access to its own account.
        StripeUnavailableError: Stripe did not answer.
    """
    if not api_key.startswith(("sk_", "rk_")):
        raise InvalidInputError(
            "A Stripe key for reading starts with sk_ or rk_.",
            next_step="Copy a secret or restricted key from Stripe's dashboard, Developers.",
        )
    try:
        body = asyncio.run(_account(api_url, api_key))
    except StripeUnavailableError as error:
        # Said for syncs, which go on later; here nothing was begun that could go on.
        raise StripeUnavailableError(
            error.detail, next_step=f"See that {api_url} can be reached, then connect again."
        ) from error
    names = (
        body.settings.dashboard.display_name if body.settings and body.settings.dashboard else None,
        body.business_profile.name if body.business_profile else None,
        body.email,
    )
    return Account(id=body.id, name=next(filter(None, names), body.id))


async def _account(api_url: str, api_key: str) -> _Body:
    patience = Patience(attempts=3, timeout_seconds=15)
    async with StripeClient(api_url, api_key, requests_per_second=10, patience=patience) as client:
        body, _ = await client.get("/v1/account", {}, msgspec.json.Decoder(_Body).decode)
        return body
