"""What is a template? Words with variables in them, for one purpose, in one language and tone.

The words are a workspace's to change; the layout around them is the brand's. Greeting, help and
closing are the same in every message of a tone, and stand once in the library.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import InvalidInputError

LIBRARY = Path(__file__).parent / "library"
LANGUAGES = ("en", "de", "fr", "es")


class Purpose(StrEnum):
    """Why one writes."""

    CARD_EXPIRING = "card_expiring"
    PAYMENT_FAILED = "payment_failed"
    REMINDER = "reminder"
    UPDATE_METHOD = "update_method"
    AUTHENTICATE = "authenticate"
    PAST_DUE = "past_due"
    FINAL_NOTICE = "final_notice"
    RECOVERED = "recovered"


class Tone(StrEnum):
    """How one speaks."""

    FRIENDLY = "friendly"
    NEUTRAL = "neutral"
    FIRM = "firm"
    FORMAL = "formal"


@dataclass(frozen=True, slots=True)
class Template:
    """The words of one message. `action` is the button's, `sms` the whole in one short line."""

    purpose: Purpose
    language: str
    tone: Tone
    subject: str
    preheader: str
    paragraphs: tuple[str, ...]
    action: str
    sms: str

    @property
    def body(self) -> str:
        """The paragraphs as one text."""
        return "\n\n".join(self.paragraphs)


def library(purpose: Purpose, language: str, tone: Tone) -> Template:
    """Return the library's template.

    Raises:
        InvalidInputError: The library does not speak that language.
    """
    words = words_of(language)
    own, parts = words[purpose][tone], words["parts"][tone]
    return Template(
        purpose=purpose,
        language=language,
        tone=tone,
        subject=own["subject"],
        preheader=own["preheader"],
        paragraphs=(parts["greeting"], *own["paragraphs"], parts["help"], parts["closing"]),
        action=own["action"],
        sms=words[purpose]["sms"],
    )


def reasons(language: str) -> dict[str, str]:
    """Return why a payment failed, in words for the payer, by the taxonomy's reason."""
    found: dict[str, str] = words_of(language)["reasons"]
    return found


@cache
def words_of(language: str) -> dict[str, Any]:
    """Read a language's part of the library.

    Raises:
        InvalidInputError: The library does not speak that language.
    """
    if language not in LANGUAGES:
        raise InvalidInputError(f"Templates speak {', '.join(LANGUAGES)}, not {language!r}.")
    return tomllib.loads((LIBRARY / f"{language}.toml").read_text())
