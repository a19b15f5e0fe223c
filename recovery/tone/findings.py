"""What does a check find? A place, a reason, and what to do instead."""

from dataclasses import dataclass
from enum import StrEnum


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
    """One finding in one part of a message.

    `part` is subject, preheader, body, action or sms; `start` and `end` count characters in it,
    both 0 where it is about the whole. `suggestion` says what to do, in English.
    """

    check: Check
    part: str
    start: int
    end: int
    excerpt: str
    reason: str
    suggestion: str

    @property
    def is_blocking(self) -> bool:
        """Whether the message may not be published as it is."""
        return self.check in BLOCKING


def may_be_published(findings: list[Finding]) -> bool:
    """Tell whether nothing was found that blocks."""
    return not any(finding.is_blocking for finding in findings)
