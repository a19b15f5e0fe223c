"""How does GoCardless refuse? The words and shapes of its API document."""

from __future__ import annotations

import json
from typing import Any

from sandbox.wire import Answer, json_answer


class Refusal(Exception):  # noqa: N818
    """An answer that is no success."""

    def __init__(
        self, status: int, summary: str, detail: str, kind: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Refuse with these words."""
        super().__init__(summary)
        body: dict[str, Any] = {"summary": summary, "detail": detail, "status_code": status}
        if kind:
            body["type"] = kind
        self.status, self.body, self.headers = status, body, headers or {}

    def answer(self) -> Answer:
        """The refusal as sent."""
        answer = json_answer(self.body, self.status)
        answer.headers |= self.headers
        return answer


def field_refusal(field: str, summary: str, detail: str) -> Answer:
    """A refusal of one field of a form."""
    body = {field: {"summary": summary, "detail": detail}, "status_code": 400}
    return Answer(400, json.dumps(body).encode())


def invalid_token() -> Refusal:
    """The token is spent or none."""
    return Refusal(401, "Invalid token", "Token is invalid or expired")


def not_found() -> Refusal:
    """There is no such thing."""
    return Refusal(404, "Not found.", "Not found.")


def expired(agreement: dict[str, Any], ended: str) -> Refusal:
    """The agreement has ended."""
    return Refusal(
        401,
        f"End User Agreement (EUA) {agreement['id']} has expired",
        f"EUA was valid for {agreement['access_valid_for_days']} days and it expired at {ended}. "
        "The end user must connect the account once more with new EUA and Requisition",
        "AccessExpiredError",
    )


def too_many(limit: str, seconds: int, headers: dict[str, str]) -> Refusal:
    """A limit is reached."""
    return Refusal(
        429,
        "Rate limit exceeded",
        f"The rate limit for this resource is {limit}. Please try again in {seconds} seconds",
        headers=headers,
    )
