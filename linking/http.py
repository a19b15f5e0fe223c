"""How does a consent flow ask a provider? One JSON request; failures carry the provider's words."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from core.authorities import trusted
from core.errors import OppulenceError, ProviderError

TIMEOUT_SECONDS = 20.0

# The error that a refusal means: its status and its body, an empty object where it was no JSON.
Refused = Callable[[int, Any], OppulenceError]


def ask(
    provider: str,
    method: str,
    url: str,
    refused: Refused,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    body: Any = None,
) -> Any:
    """Return the JSON of a good answer; None where it has no body.

    Args:
        provider: Its name, for people.
        method: GET, POST, …
        url: The whole address.
        refused: Makes the error of an answer that is not good.
        headers: The authorization, above all.
        query: Parameters of the address.
        body: Sent as JSON.

    Raises:
        ProviderError: The provider does not answer, or not with JSON.
    """
    try:
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, verify=trusted()) as client:
            answer = client.request(method, url, headers=headers, params=query, json=body)
    except httpx.HTTPError as error:
        raise ProviderError(
            f"{provider} did not answer ({type(error).__name__}).",
            next_step="Try again in a minute.",
        ) from error
    try:
        found = answer.json() if answer.content else None
    except ValueError:
        if answer.is_success:
            raise ProviderError(
                f"{provider} answered something that is not JSON.",
                next_step="Try again in a minute.",
            ) from None
        found = None
    if not answer.is_success:
        raise refused(answer.status_code, found if isinstance(found, dict) else {})
    return found
