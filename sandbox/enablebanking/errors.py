"""How does Enable Banking refuse? The codes of its API document."""

from __future__ import annotations

from typing import Any

from sandbox.wire import Answer, json_answer


class Refusal(Exception):  # noqa: N818
    """An answer that is no success."""

    def __init__(
        self, status: int, code: str, message: str, detail: Any = None,
        headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Refuse with these words."""
        super().__init__(message)
        self.status, self.headers = status, headers or {}
        self.body = {"code": status, "error": code, "message": message, "detail": detail}

    def answer(self) -> Answer:
        """The refusal as sent."""
        answer = json_answer(self.body, self.status)
        answer.headers |= self.headers
        return answer


def too_many(detail: str = "", headers: dict[str, str] | None = None) -> Refusal:
    """The bank allows no more reads for today."""
    return Refusal(
        429, "ASPSP_RATE_LIMIT_EXCEEDED", "ASPSP rate limit exceeded", detail or None, headers
    )
