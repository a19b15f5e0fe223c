"""What does the payer's page say, in their language? Phrases as data, filled in with plain text."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from babel.dates import format_date

FILE = Path(__file__).parent / "phrases.toml"


def phrases(language: str, **values: str) -> SimpleNamespace:
    """Return a language's phrases; those that name a company, an address and the like filled in."""
    filled = {name: _fill(text, values) for name, text in _read()[language].items()}
    return SimpleNamespace(**filled)


def long_day(day: date, language: str) -> str:
    """Return a day as the language writes it."""
    return str(format_date(day, "long", language))


def _fill(text: str, values: dict[str, str]) -> str:
    # By name, one after the other: what is filled in is data and never read as a pattern itself.
    parts = text.split("{")
    filled = parts[0]
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        filled += values.get(name, "{" + name + "}") + rest
    return filled


@cache
def _read() -> dict[str, dict[str, str]]:
    return tomllib.loads(FILE.read_text())
