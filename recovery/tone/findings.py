"""What does a check find? A place, a reason, and what to do instead."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Check(StrEnum):
    """What is looked for."""

    THREAT = "threat"
    SHAME = "shame"
    FALSE_URGENCY = "false_urgency"
    LEGAL_CLAIM = "legal_claim"
    BROKEN_VARIABLE = "broken_variable"
    MISSING_FACT = "missing_fact"
    SPAM = "spam"
    READING_GRADE = "reading_grade"
    LENGTH = "length"
    VOICE = "voice"


# What keeps a message from being published. The rest is advice that a person may leave aside.
BLOCKING = frozenset(
    {
        Check.THREAT,
        Check.SHAME,
        Check.FALSE_URGENCY,
        Check.LEGAL_CLAIM,
        Check.BROKEN_VARIABLE,
        Check.MISSING_FACT,
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding in one part of a message: words for people, fields for programs.

    Attributes:
        rule: What was broken within the check, a stable word: `amount_missing`, `subject_too_long`.
        part: subject, preheader, body, action or sms.
        start: Where it is, in characters of the part as its reader gets it, or, where `is_written`,
            as it is written; with `end` both 0 where it is about the whole.
        suggestion: What to do, in English.
        paragraph: Which paragraph of the body is meant, from 1, where it is one.
        variable: The variable that is the fault.
        suggested_variables: Those that would mend it.
        value: What was counted, where something was.
        limit: What is the most, or the least, of it.
    """

    check: Check
    rule: str
    part: str
    start: int
    end: int
    excerpt: str
    reason: str
    suggestion: str
    paragraph: int | None = None
    is_written: bool = False
    variable: str | None = None
    suggested_variables: tuple[str, ...] = ()
    value: int | None = None
    limit: int | None = None

    @property
    def is_blocking(self) -> bool:
        """Whether the message may not be published as it is."""
        return self.check in BLOCKING

    @property
    def severity(self) -> Literal["error", "warning"]:
        """An error keeps words from being published, a warning is advice."""
        return "error" if self.is_blocking else "warning"

    @property
    def told(self) -> str:
        """The finding in one sentence, with its place."""
        part = self.part if self.paragraph is None else f"paragraph {self.paragraph}"
        quoted = f" “{self.excerpt}”" if self.excerpt else ""
        return f"{part}{quoted}: {self.reason}"


def may_be_published(findings: list[Finding]) -> bool:
    """Tell whether nothing was found that blocks."""
    return not any(finding.is_blocking for finding in findings)
