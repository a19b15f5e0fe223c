"""How does a template become a text message? One line, its links, and no letter that costs twice.

A text message is paid by segments. Those of the telephone's own alphabet (GSM 03.38) hold 160
characters, or 153 each where there are several; a single letter outside of it makes all of them
UTF-16 with 70 and 67. So spaces and quotes that only typography wants are written plainly; letters
of the language stay as they are.
"""

from dataclasses import dataclass, replace

from core.errors import InvalidInputError
from recovery.messages.facts import EXAMPLE, Facts
from recovery.messages.rendering import fill, locale_of
from recovery.messages.templates import Template, reasons

# More are not joined by carriers; an ordinary message with both links takes two.
MOST_SEGMENTS = 10
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Written as an escape and a letter: two of 160.
_GSM_TWICE = frozenset("^{}\\[~]|€\f")
_PLAIN = str.maketrans(
    {
        "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ", "\N{THIN SPACE}": " ",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"', "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{DOUBLE LOW-9 QUOTATION MARK}": '"', "\N{EN DASH}": "-", "\N{EM DASH}": "-",
        "\N{MINUS SIGN}": "-", "\N{HORIZONTAL ELLIPSIS}": "...",
    }
)  # fmt: skip
_STOP = {"en": "Stop", "de": "Abmelden", "fr": "Stop", "es": "Baja"}
# Links as long as real ones: what is checked and shown costs what it will cost.
_LONG = "8f2kTq0XvN3mZ7cRj5wYb1LdG9sHaEiUoPy4KxMfVtQ"
EXAMPLE_LINKED = replace(EXAMPLE, pay_url=f"https://pay.northwind.example/r/{_LONG}")
EXAMPLE_STOP_URL = f"{EXAMPLE_LINKED.pay_url}/unsubscribe"


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A text message, its words without the links after them, and how many segments it takes."""

    text: str
    said: str
    segments: int


def write_sms(template: Template, facts: Facts, *, stop_url: str, region: str = "") -> TextMessage:
    """Fill a template's short message in, with the payer's page and where reminders end.

    Raises:
        InvalidInputError: The template names what is not there, or it takes too many segments.
    """
    values = facts.formatted(locale_of(template.language, region), reasons(template.language))
    said = " ".join(fill(template.sms, values).split())
    said = said.translate(_PLAIN)
    text = f"{said} {facts.pay_url} {_STOP[template.language]}: {stop_url}"
    written = TextMessage(text, said, segments(text))
    if written.segments > MOST_SEGMENTS:
        raise InvalidInputError(
            f"It takes {written.segments} text messages; {MOST_SEGMENTS} are the most."
        )
    return written


def segments(text: str) -> int:
    """Return how many segments a text takes."""
    if set(text) <= _GSM | _GSM_TWICE:
        return _packed([2 if letter in _GSM_TWICE else 1 for letter in text], 160, 153)
    return _packed([len(letter.encode("utf-16-le")) // 2 for letter in text], 70, 67)


def _packed(sizes: list[int], alone: int, joined: int) -> int:
    """Return how many segments hold letters of these sizes; no letter is cut in two."""
    if sum(sizes) <= alone:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > joined:
            count, used = count + 1, 0
        used += size
    return count
