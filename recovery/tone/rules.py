"""What must not be said? Each language's rules, patterns with a reason, from `rules/*.toml`.

A match counts unless its surroundings make it harmless: words the language allows, a title in
quotation marks, or a denial in front of it in the same clause ("we will not …", "no …"). A denial
that denies the payment instead ("if you do not pay, …") makes nothing harmless: it has a word of
`undenied` between itself and the match.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from recovery.messages.templates import LANGUAGES
from recovery.tone.findings import Check, Finding

FOLDER = Path(__file__).parent / "rules"
# How far in front of a match a denial may stand; lists ("no fees, interest or costs") run longer.
_REACH = 45
_REACH_OF_LISTS = 70
_CLAUSE_END = re.compile(r"[.!?;:]")
# Capitalised, short and quoted is a title: „Nie wieder Schulden“ is a course, « dernier délai » is
# not. A title neither asks nor shouts.
_TITLE = re.compile(r"[«„“\"‹]\s?(?=[A-ZÀ-ÖØ-Þ0-9¡¿])[^«»„“”\"‹›.!?]{2,60}[»“”\"›]")
# Points that end no sentence: 49.00, 3. Juni, Mr. Kern. Windows over a sentence run over them.
_INNER_POINT = re.compile(
    r"(?<=\d)\.(?=\d)"
    r"|(?<=\d)\.(?= (?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Okt|Nov|Dez))"
    r"|(?:(?<=\bMr)|(?<=\bMrs)|(?<=\bMs)|(?<=\bDr)|(?<=\bSr)|(?<=\bSra)|(?<=\bHr)|(?<=\bFr))\.(?= )"
)
_NAMED = re.compile(r"\{\{ (\w+) \}\}")
_WORDS = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must not be said, in one language."""

    check: Check
    patterns: tuple[re.Pattern[str], ...]
    reason: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class Rules:
    """A language's rules, and the wordings in which a match is none.

    `denials` reach to the next comma, `denials_of_lists` beyond it.
    """

    allowed: tuple[re.Pattern[str], ...]
    denials: re.Pattern[str]
    denials_of_lists: re.Pattern[str]
    undenied: re.Pattern[str]
    rules: tuple[Rule, ...]


def broken(language: str, part: str, text: str) -> Iterator[Finding]:
    """Yield what a text says that it must not: one finding per rule and place, in order."""
    found = rules_of(language)
    spaced = _INNER_POINT.sub("·", re.sub(r"\s", " ", text).replace("’", "'"))
    harmless = (*found.allowed, _TITLE)
    spared = [match.span() for pattern in harmless for match in pattern.finditer(spaced)]
    for rule in found.rules:
        taken = 0
        spans = sorted(
            match.span() for pattern in rule.patterns for match in pattern.finditer(spaced)
        )
        for start, end in spans:
            is_spared = any(first <= start and end <= last for first, last in spared)
            if start < taken or is_spared or _is_denied(found, spaced, start):
                continue
            taken = end
            yield Finding(
                rule.check, f"{rule.check}_wording", part, start, end, text[start:end],
                rule.reason, rule.suggestion,
                suggested_variables=tuple(_NAMED.findall(rule.suggestion)),
            )  # fmt: skip


def _is_denied(rules: Rules, text: str, start: int) -> bool:
    clause = _CLAUSE_END.split(text[max(0, start - _REACH_OF_LISTS) : start])[-1]
    in_lists = [match.end() for match in rules.denials_of_lists.finditer(clause)]
    near = clause[-_REACH:].rsplit(",", 1)[-1]
    in_clause = [len(clause) - len(near) + m.end() for m in rules.denials.finditer(near)]
    return any(not rules.undenied.search(clause[end:]) for end in (*in_lists, *in_clause))


@cache
def rules_of(language: str) -> Rules:
    """Read a language's rules; those of English for a language that has none."""
    name = language if language in LANGUAGES else "en"
    read = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    words: dict[str, str] = read["words"]
    return Rules(
        allowed=_patterns(read["allowed"], words),
        denials=_pattern(read["denials"], words),
        denials_of_lists=_pattern(read["denials_of_lists"], words),
        undenied=_pattern(read["undenied"], words),
        rules=tuple(_rule(rule, words) for rule in read["rule"]),
    )


def _rule(read: dict[str, Any], words: dict[str, str]) -> Rule:
    return Rule(
        check=Check(read["check"]),
        patterns=_patterns(read["patterns"], words),
        reason=read["reason"],
        suggestion=read["suggestion"],
    )


def _patterns(texts: list[str], words: dict[str, str]) -> tuple[re.Pattern[str], ...]:
    return tuple(_pattern(text, words) for text in texts)


def _pattern(text: str, words: dict[str, str]) -> re.Pattern[str]:
    """Compile a pattern in which `{name}` stands for any of a language's words of that name."""
    return re.compile(_WORDS.sub(lambda name: f"(?:{words[name[1]]})", text), re.IGNORECASE)
