"""How does a request become a completion? It repeats the template with one sentence more.

Own faults, each spoiling the next answer: `threatens` and `hurries` (what must not be said),
`drops_variable`, `invents_variable`, `fences` (Markdown around the JSON), `talks` (prose, no JSON),
`forgets_part`, `rambles` (a part longer than any message's), `empties` (no text), `redirects`.
Every request's body is kept in `asked.jsonl` of its folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox.faults import Fault
from sandbox.language_model import API_KEY, EXTRA, MODEL
from sandbox.provider import Stage
from sandbox.wire import Answer, Request, json_answer

Words = dict[str, Any]


def _said(words: Words, text: str) -> Words:
    first, second, *rest = words["paragraphs"]
    return {**words, "paragraphs": [first, f"{second} {text}", *rest]}


SPOILED: dict[str, Callable[[Words], str]] = {
    "threatens": lambda words: json.dumps(_said(words, "Pay or we will sue.")),
    "hurries": lambda words: json.dumps({**words, "subject": "Final warning: pay now"}),
    "drops_variable": lambda words: json.dumps(words).replace("{{ amount }}", "your debt"),
    "invents_variable": lambda words: json.dumps(_said(words, "{{ account_balance }}")),
    "fences": lambda words: f"Here it is:\n```json\n{json.dumps(_said(words, EXTRA))}\n```",
    "talks": lambda _: "I would rather not write about money.",
    "forgets_part": lambda words: json.dumps({**words, "sms": None}),
    "rambles": lambda words: json.dumps({**words, "subject": "so " * 400}),
    "empties": lambda _: "",
}


class LanguageModelApp:
    """The endpoint."""

    name = "language_model"
    fault_kinds = frozenset({*SPOILED, "redirects"})

    def __init__(self, stage: Stage) -> None:
        """Stand on a stage."""
        self.stage = stage

    def credential(self, request: Request) -> str:
        """The key."""
        return request.headers.get("authorization", "").removeprefix("Bearer ")

    def refuse(self, fault: Fault, request: Request) -> Answer:
        """A limit or a failure."""
        if fault.kind == "rate_limit":
            return _error(429, "Rate limit reached for requests", "requests", "rate_limit_exceeded")
        return _error(500, "The server had an error.", "server_error", None)

    def spoil(self, answer: Answer, request: Request) -> Answer:
        """Leave the answer as it is: it has no rows."""
        return answer

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        if (request.method, request.path) != ("POST", "/v1/chat/completions"):
            told = f"Unknown request URL: {request.method} {request.path}."
            return _error(404, told, "invalid_request_error", "unknown_url")
        if self.credential(request) != API_KEY:
            told = "Incorrect API key provided."
            return _error(401, told, "invalid_request_error", "invalid_api_key")
        with (self.stage.folder / "asked.jsonl").open("ab") as asked:
            asked.write(request.body + b"\n")
        body = request.json()
        if body.get("model") != MODEL:
            told = (
                f"The model `{body.get('model')}` does not exist or you do not have access to it."
            )
            return _error(404, told, "invalid_request_error", "model_not_found")
        if self.stage.faults.own(request.path, "redirects") is not None:
            return Answer(307, b"", {"location": "http://127.0.0.1:9/elsewhere"})
        words = json.loads(body["messages"][-1]["content"])["template"]
        for kind, spoiled in SPOILED.items():
            if self.stage.faults.own(request.path, kind) is not None:
                return _completion(spoiled(words))
        return _completion(json.dumps(_said(words, EXTRA)))


def _completion(text: str) -> Answer:
    message: Words = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return json_answer(
        {
            "id": "chatcmpl-sandbox", "object": "chat.completion", "created": 1_700_000_000,
            "model": MODEL, "choices": [choice], "service_tier": "default",
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    )  # fmt: skip


def _error(status: int, message: str, kind: str, code: str | None) -> Answer:
    told = {"message": message, "type": kind, "param": None, "code": code}
    return json_answer({"error": told}, status)
