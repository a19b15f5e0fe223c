"""How would a language model say it? One request to whatever speaks OpenAI's chat completions.

Off unless an operator sets an address and a model. What leaves the house are a template's words
with their variables, its language and the voice that is wanted: no debt, no payer, nothing else of
a workspace. What comes back is a text by somebody who may err: it is read as a template, checked
like any other words, and shown; nothing here publishes or keeps it. A person waits, so nothing is
tried twice.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from core.errors import OppulenceError
from core.settings import Settings
from recovery.messages.facts import NAMES, OPTIONAL
from recovery.messages.rendering import FILTERS
from recovery.messages.templates import Template, Tone
from recovery.payer.wording import with_words, words_of

MOST_BYTES = 200_000
LONGEST_LINE, LONGEST_PARAGRAPH = 500, 4000
PARAGRAPHS = (3, 12)
LINES = ("subject", "preheader", "action", "sms")
VOICES: Mapping[Tone, str] = {
    Tone.FRIENDLY: "warm and short, at most one exclamation mark",
    Tone.NEUTRAL: "plain: what happened and what to do",
    Tone.FIRM: "clear about what ends and on which day, never threatening",
    Tone.FORMAL: "a business letter: full sentences, no exclamation mark",
}
_TASK = f"""You rewrite the template of a message to a customer whose payment failed.
Keep its language, its purpose and its facts. Answer with one JSON object and nothing else, with the
keys subject, preheader, paragraphs (a list of {PARAGRAPHS[0]} to {PARAGRAPHS[1]} texts), action
(the words of the button) and sms. The last two paragraphs stand below the button.
Variables are written {{{{ name }}}}. Use only: {", ".join(NAMES)}. Of these {", ".join(OPTIONAL)}
are not always known: write each inside {{% if name %}} … {{% endif %}}.
Filters: {", ".join(FILTERS)}.
Keep every variable that the template has. No links, no HTML, no Markdown.
Never threaten, shame, hurry without a day, or speak of courts, lawyers, fees or the law.
Short sentences. The subject has at most 60 characters."""


class LanguageModelError(OppulenceError):
    """The language model did not answer with words that can be used."""

    code = "language_model_failed"
    title = "The language model did not help"
    status = 502


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """One model behind one address. `seconds` is what a person waits for it at most."""

    url: str
    name: str
    key: str = field(default="", repr=False)
    seconds: float = 30.0

    @classmethod
    def of(cls, settings: Settings) -> "LanguageModel | None":
        """Return the model that is plugged in; None where there is none."""
        if not (settings.language_model_url and settings.language_model_name):
            return None
        key = settings.language_model_key
        return cls(
            settings.language_model_url.rstrip("/"),
            settings.language_model_name,
            key.get_secret_value() if key else "",
            settings.language_model_seconds,
        )

    def rewritten(self, template: Template, voice: Tone) -> Template:
        """Return the same message as the model would say it in a voice, unchecked.

        Raises:
            LanguageModelError: It did not answer, or not with a template's parts.
        """
        wanted = {"language": template.language, "voice": f"{voice}: {VOICES[voice]}"}
        asked = {**wanted, "template": words_of(template)}
        answer = self._ask(
            {
                "model": self.name,
                "messages": [
                    {"role": "system", "content": _TASK},
                    {"role": "user", "content": json.dumps(asked, ensure_ascii=False)},
                ],
                "response_format": {"type": "json_object"},
            }
        )
        return with_words(template, _words(answer))

    def _ask(self, body: Mapping[str, Any]) -> str:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        until = time.monotonic() + self.seconds
        received = bytearray()
        try:
            with (
                httpx.Client(timeout=httpx.Timeout(self.seconds, connect=5.0)) as http,
                http.stream(
                    "POST", f"{self.url}/chat/completions", json=body, headers=headers
                ) as answer,
            ):
                for part in answer.iter_bytes():
                    received += part
                    if len(received) > MOST_BYTES:
                        raise _failed("It answered more than any message has.")
                    if time.monotonic() > until:
                        raise _failed(f"It did not answer within {self.seconds:g} seconds.")
        except httpx.TimeoutException:
            raise _failed(f"It did not answer within {self.seconds:g} seconds.") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise _failed("It cannot be reached.") from None
        if answer.status_code != 200:
            raise _failed(_REFUSALS.get(answer.status_code, f"It answered {answer.status_code}."))
        try:
            content = json.loads(received)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError):
            raise _failed("Its answer is no chat completion.") from None
        if not isinstance(content, str) or not content.strip():
            raise _failed("It answered without a text.")
        return content


_REFUSALS = {
    401: "It refuses the key of this installation.",
    403: "It refuses the key of this installation.",
    404: "It does not know the model of this installation.",
    429: "It is busy, or the installation's allowance is used up.",
}


def _words(text: str) -> dict[str, Any]:
    """Read a template's parts out of a model's text, in a fence of Markdown or not."""
    begins, ends = text.find("{"), text.rfind("}")
    try:
        found = json.loads(text[begins : ends + 1])
        words = {name: found[name].strip() for name in LINES}
        paragraphs = [paragraph.strip() for paragraph in found["paragraphs"]]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise _failed("Its text does not have the parts of a message.") from None
    least, most = PARAGRAPHS
    if not (
        all(0 < len(line) <= LONGEST_LINE for line in words.values())
        and least <= len(paragraphs) <= most
        and all(0 < len(paragraph) <= LONGEST_PARAGRAPH for paragraph in paragraphs)
    ):
        raise _failed("A part of its text is empty, or longer than a message's may be.")
    return {**words, "paragraphs": paragraphs}


def _failed(detail: str) -> LanguageModelError:
    return LanguageModelError(
        detail, next_step="Write it by hand, take the library's words, or try again later."
    )
