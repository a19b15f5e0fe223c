"""How is Stripe asked to do something? One client per account, with pinned version and timeouts.

Every failure is one of three: Stripe says no to the payment (`DeclinedError`), no to the request
(`RefusedError`), or nobody knows whether it happened (`UnansweredError`): the same idempotency key
is then sent again, or the provider is asked. Nothing is repeated here.
"""

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import httpx

from core.authorities import trusted
from core.errors import OppulenceError, ProviderError

API_VERSION = "2025-03-31.basil"
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
MOST_PAGES = 200


class DeclinedError(OppulenceError):
    """The payment was tried and declined; `error` is Stripe's own object."""

    code = "payment_declined"
    title = "The payment was declined"
    status = 409

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(str(error.get("message", "The payment was declined.")))
        self.error = error


class RefusedError(ProviderError):
    """Stripe refused the request; nothing happened."""

    code = "provider_refused"


class UnansweredError(OppulenceError):
    """No answer, or none to rely on: whether it happened is not known."""

    code = "provider_unanswered"
    title = "The provider did not answer"
    status = 503


class StripeClient:
    """Reads and changes one Stripe account. Use as a context manager; threads may share it."""

    def __init__(self, api_url: str, api_key: str) -> None:
        self._http = httpx.Client(
            base_url=api_url,
            auth=httpx.BasicAuth(api_key, ""),
            headers={"Stripe-Version": API_VERSION, "User-Agent": "oppulence/0.1"},
            timeout=TIMEOUT,
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=16),
            follow_redirects=False,
            trust_env=False,
            verify=trusted(),
        )

    def __enter__(self) -> "StripeClient":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """Read an object or a page.

        Raises:
            RefusedError: Stripe refused, a missing object included.
            UnansweredError: Stripe did not answer.
        """
        return self._send("GET", path, parameters, None)

    def find(self, path: str, **parameters: Any) -> dict[str, Any] | None:
        """Read an object; None where there is none, or it was deleted."""
        try:
            found = self.get(path, **parameters)
        except RefusedError as error:
            if error.provider_code == "resource_missing":
                return None
            raise
        return None if found.get("deleted") else found

    def every(self, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield a list's objects, page by page, newest first."""
        after: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            page = self.get(path, limit=100, **parameters, **after)
            yield from page["data"]
            if not page["has_more"] or not page["data"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}

    def post(self, path: str, key: str, **parameters: Any) -> dict[str, Any]:
        """Change something, once per key.

        Raises:
            DeclinedError: A payment was tried and declined.
            RefusedError: Stripe refused the request.
            UnansweredError: It may have happened, or not.
        """
        return self._send("POST", path, parameters, key)

    def delete(self, path: str, key: str) -> dict[str, Any]:
        """End something, once per key; raises as `post` does."""
        return self._send("DELETE", path, {}, key)

    def _send(
        self, method: str, path: str, parameters: Mapping[str, Any], key: str | None
    ) -> dict[str, Any]:
        headers = {} if key is None else {"Idempotency-Key": key}
        form = {name: _text(value) for name, value in parameters.items()}
        place = {"params": form} if method != "POST" else {"data": form}
        try:
            answer = self._http.request(method, path, headers=headers, **place)  # type: ignore[arg-type]
            body: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise UnansweredError(f"Stripe: {type(error).__name__}.") from error
        if answer.status_code < 300:
            return body
        said = body.get("error") or {}
        if answer.status_code == 402:
            raise DeclinedError(said)
        # 409: the same key is under way elsewhere; 429 and 5xx: not now.
        if answer.status_code in (409, 429) or answer.status_code >= 500:
            raise UnansweredError(f"Stripe answered {answer.status_code}.")
        raise RefusedError(
            str(said.get("message", f"Stripe answered {answer.status_code}."))[:300],
            provider_code=str(said.get("code") or answer.status_code),
        )


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
