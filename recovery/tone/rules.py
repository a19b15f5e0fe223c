"""What must not be said? Each language's rules, patterns with a reason, from `rules/*.toml`."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from recovery.messages.templates import LANGUAGES
from recovery.tone.findings import Check, Finding

FOLDER = Path(__file__).parent / "rules"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must not be said, in one language."""

    check: Check
    patterns: tuple[re.Pattern[str], ...]
    reason: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class Rules:
    """A language's rules, and the wordings in which a match is none."""

    allowed: tuple[re.Pattern[str], ...]
    rules: tuple[Rule, ...]


def broken(language: str, part: str, text: str) -> Iterator[Finding]:
    """Yield what a text says that it must not: one finding per rule and place, in order."""
    found = rules_of(language)
    spaced = re.sub(r"\s", " ", text).replace("’", "'")
    spared = [match.span() for pattern in found.allowed for match in pattern.finditer(spaced)]
    for rule in found.rules:
        taken = 0
        spans = sorted(
            match.span() for pattern in rule.patterns for match in pattern.finditer(spaced)
        )
        for start, end in spans:
            is_spared = any(first <= start and end <= last for first, last in spared)
            if start < taken or is_spared:
                continue
            taken = end
            yield Finding(
                rule.check, part, start, end, text[start:end], rule.reason, rule.suggestion
            )


@cache
def rules_of(language: str) -> Rules:
    """Read a language's rules; those of English for a language that has none."""
    name = language if language in LANGUAGES else "en"
    read = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    return Rules(
        allowed=tuple(_pattern(text) for text in read["allowed"]),
        rules=tuple(
            Rule(
                check=Check(rule["check"]),
                patterns=tuple(_pattern(text) for text in rule["patterns"]),
                reason=rule["reason"],
                suggestion=rule["suggestion"],
            )
            for rule in read["rule"]
        ),
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
